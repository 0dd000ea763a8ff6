package dev.sluice.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** Takes from a histogram of nanoseconds the figures that a result shows. Stateless. */
final class Percentiles {
  private Percentiles() {}

  /** The median, the 99th and the 99.9th percentile, and the maximum, in microseconds. */
  static Map<String, Double> of(Histogram nanos) {
    var figures = new LinkedHashMap<String, Double>();
    figures.put("p50Micros", nanos.getValueAtPercentile(50) / 1e3);
    figures.put("p99Micros", nanos.getValueAtPercentile(99) / 1e3);
    figures.put("p99.9Micros", nanos.getValueAtPercentile(99.9) / 1e3);
    figures.put("maxMicros", nanos.getMaxValue() / 1e3);
    return figures;
  }
}
