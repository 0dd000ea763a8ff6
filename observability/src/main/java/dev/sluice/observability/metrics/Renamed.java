package dev.sluice.observability.metrics;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;

/**
 * A second name for a gauge or histogram, so that the metric has two names but is counted once.
 *
 * @param original the metric that is counted
 * @param name the second name
 */
record Renamed(Collector original, String name) implements Collector {

  @Override
  public MetricSnapshot collect() {
    var snapshot = original.collect();
    var metadata = new MetricMetadata(name, snapshot.getMetadata().getHelp());
    if (snapshot instanceof HistogramSnapshot histogram) {
      return new HistogramSnapshot(metadata, histogram.getDataPoints());
    }
    if (snapshot instanceof GaugeSnapshot gauge) {
      return new GaugeSnapshot(metadata, gauge.getDataPoints());
    }
    throw new IllegalArgumentException(name + " is not a gauge or a histogram");
  }
}
