package dev.sluice.observability.metrics;

import dev.sluice.flowcontrol.contracts.RegistryView;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.BiConsumer;
import java.util.function.Supplier;

/**
 * Gauges of the engine's state, read when somebody scrapes: the pool's saturation and how full the
 * queues are. Names and labels are upstream's.
 */
public final class PoolGauges {
  private static final String PREFIX = "llm_d_epp_";
  private static final String OLD_PREFIX = "inference_extension_";

  private PoolGauges() {}

  /**
   * Registers the gauges.
   *
   * @param pool the value of the label {@code inference_pool}
   * @param view gives the engine's present state; called several times per scrape
   */
  public static void register(
      PrometheusRegistry registry, String pool, Supplier<RegistryView> view) {
    for (var prefix : new String[] {PREFIX, OLD_PREFIX}) {
      gauge(
          registry,
          prefix + "flow_control_pool_saturation",
          "How full the pool is; 1 means no room.",
          (now, out) -> out.call(now.saturation(), pool, "effective"),
          view,
          "inference_pool",
          "stage");
    }
    gauge(
        registry,
        PREFIX + "flow_control_capacity_utilization_requests",
        "Queued requests of a band as a part of its limit.",
        (now, out) -> {
          for (var band : now.bands()) {
            out.call(
                band.queuedRequests() / (double) band.maxRequests(),
                String.valueOf(band.priority()),
                pool);
          }
        },
        view,
        "priority",
        "inference_pool");
    gauge(
        registry,
        PREFIX + "flow_control_capacity_utilization_bytes",
        "Queued bytes of a band as a part of its limit.",
        (now, out) -> {
          for (var band : now.bands()) {
            out.call(
                band.queuedBytes() / (double) band.maxBytes(),
                String.valueOf(band.priority()),
                pool);
          }
        },
        view,
        "priority",
        "inference_pool");
    gauge(
        registry,
        PREFIX + "flow_control_global_capacity_utilization_requests",
        "Queued requests as a part of the total limit; absent where there is none.",
        (now, out) -> {
          if (now.maxRequests() > 0) {
            out.call(now.queuedRequests() / (double) now.maxRequests(), pool);
          }
        },
        view,
        "inference_pool");
    gauge(
        registry,
        PREFIX + "flow_control_global_capacity_utilization_bytes",
        "Queued bytes as a part of the total limit; absent where there is none.",
        (now, out) -> {
          if (now.maxBytes() > 0) {
            out.call(now.queuedBytes() / (double) now.maxBytes(), pool);
          }
        },
        view,
        "inference_pool");
  }

  private static void gauge(
      PrometheusRegistry registry,
      String name,
      String help,
      BiConsumer<RegistryView, GaugeWithCallback.Callback> values,
      Supplier<RegistryView> view,
      String... labels) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames(labels)
        .callback(out -> values.accept(view.get(), out))
        .register(registry);
  }
}
