package dev.sluice.observability.metrics;

import dev.sluice.flowcontrol.contracts.RegistryView;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.ToLongFunction;

/**
 * Gauges of the pool's saturation and of how full the queues are, read when the metrics are
 * scraped. Names and labels are upstream's.
 *
 * <p>Saturation has the stages {@code effective} and {@code decode}. Endpoints have no roles in
 * Sluice, so they count for the stage {@code decode}, as upstream counts endpoints without a role.
 * The series of that stage is absent while no endpoint is healthy. There is no stage {@code
 * prefill}.
 */
public final class PoolGauges implements MultiCollector {
  private static final String PREFIX = "llm_d_epp_flow_control_";
  private static final String OLD_PREFIX = "inference_extension_flow_control_";

  private final String pool;
  private final Supplier<RegistryView> view;

  private PoolGauges(String pool, Supplier<RegistryView> view) {
    this.pool = pool;
    this.view = view;
  }

  /**
   * Registers the gauges.
   *
   * @param pool the value of the label {@code inference_pool}
   * @param view gives the current state of the engine; called once for each scrape
   */
  public static void register(
      PrometheusRegistry registry, String pool, Supplier<RegistryView> view) {
    registry.register(new PoolGauges(pool, view));
  }

  @Override
  public MetricSnapshots collect() {
    var now = view.get();
    return MetricSnapshots.builder()
        .metricSnapshot(saturation(PREFIX, now))
        .metricSnapshot(saturation(OLD_PREFIX, now))
        .metricSnapshot(
            bands(
                "capacity_utilization_requests",
                "Queued requests of a band, as a fraction of the band's limit.",
                now,
                RegistryView.Band::queuedRequests,
                RegistryView.Band::maxRequests))
        .metricSnapshot(
            bands(
                "capacity_utilization_bytes",
                "Queued bytes of a band, as a fraction of the band's limit.",
                now,
                RegistryView.Band::queuedBytes,
                RegistryView.Band::maxBytes))
        .metricSnapshot(
            total(
                "global_capacity_utilization_requests",
                "Queued requests, as a fraction of the total limit; absent if there is no limit.",
                now.queuedRequests(),
                now.maxRequests()))
        .metricSnapshot(
            total(
                "global_capacity_utilization_bytes",
                "Queued bytes, as a fraction of the total limit; absent if there is no limit.",
                now.queuedBytes(),
                now.maxBytes()))
        .build();
  }

  private GaugeSnapshot saturation(String prefix, RegistryView now) {
    var gauge = gauge(prefix + "pool_saturation", "How full the pool is; 1 or more means no room.");
    for (var stage : now.hasEndpoints() ? List.of("effective", "decode") : List.of("effective")) {
      gauge.dataPoint(point(now.saturation(), Labels.of("inference_pool", pool, "stage", stage)));
    }
    return gauge.build();
  }

  private GaugeSnapshot bands(
      String name,
      String help,
      RegistryView now,
      ToLongFunction<RegistryView.Band> queued,
      ToLongFunction<RegistryView.Band> limit) {
    var gauge = gauge(PREFIX + name, help);
    for (var band : now.bands()) {
      gauge.dataPoint(
          point(
              queued.applyAsLong(band) / (double) limit.applyAsLong(band),
              Labels.of("priority", String.valueOf(band.priority()), "inference_pool", pool)));
    }
    return gauge.build();
  }

  private GaugeSnapshot total(String name, String help, long queued, long limit) {
    var gauge = gauge(PREFIX + name, help);
    if (limit > 0) {
      gauge.dataPoint(point(queued / (double) limit, Labels.of("inference_pool", pool)));
    }
    return gauge.build();
  }

  private static GaugeSnapshot.Builder gauge(String name, String help) {
    return GaugeSnapshot.builder().name(name).help(help);
  }

  private static GaugeDataPointSnapshot point(double value, Labels labels) {
    return GaugeDataPointSnapshot.builder().value(value).labels(labels).build();
  }
}
