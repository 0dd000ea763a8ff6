package dev.sluice.observability.metrics;

import io.prometheus.metrics.model.registry.Collector;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;

/**
 * Shows a gauge or histogram under a second name, so that it is counted once only.
 *
 * @param original the metric
 * @param name its other name
 */
record Renamed(Collector original, String name) implements Collector {

  @Override
  public MetricSnapshot collect() {
    var snapshot = original.collect();
    var metadata = new MetricMetadata(name, snapshot.getMetadata().getHelp());
    return switch (snapshot) {
      case HistogramSnapshot histogram ->
          new HistogramSnapshot(metadata, histogram.getDataPoints());
      case GaugeSnapshot gauge -> new GaugeSnapshot(metadata, gauge.getDataPoints());
      default -> throw new IllegalArgumentException(name + " is no gauge or histogram");
    };
  }
}
