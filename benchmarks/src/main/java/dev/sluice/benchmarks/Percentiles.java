package dev.sluice.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/** The figures that a result shows of a histogram of nanoseconds. */
final class Percentiles {
  private Percentiles() {}

  /** Median, 99th and 99.9th percentile and the longest, in microseconds. */
  static Map<String, Double> of(Histogram nanos) {
    var figures = new LinkedHashMap<String, Double>();
    figures.put("p50Micros", nanos.getValueAtPercentile(50) / 1e3);
    figures.put("p99Micros", nanos.getValueAtPercentile(99) / 1e3);
    figures.put("p99.9Micros", nanos.getValueAtPercentile(99.9) / 1e3);
    figures.put("maxMicros", nanos.getMaxValue() / 1e3);
    return figures;
  }
}
