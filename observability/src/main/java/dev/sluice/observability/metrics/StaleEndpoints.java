package dev.sluice.observability.metrics;

import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The gauge {@code llm_d_epp_flow_control_stale_endpoints}: the number of healthy endpoints whose
 * last sample is too old for the saturation detector, or that were never sampled. Counted when the
 * metrics are scraped, in O(endpoints). Name and label are upstream's.
 */
public final class StaleEndpoints {
  private StaleEndpoints() {}

  /**
   * Registers the gauge. If the detector reads no samples, none can be stale, and this method need
   * not be called.
   *
   * @param detector the detector's type, the value of the label {@code detector}
   * @param staleness the age beyond which the detector ignores a sample
   * @param pool gives the current snapshot of the pool
   * @param nanoTime the clock by which samples are dated
   */
  public static void register(
      PrometheusRegistry registry,
      String detector,
      Duration staleness,
      Supplier<PoolSnapshot> pool,
      LongSupplier nanoTime) {
    var stalenessNanos = staleness.toNanos();
    GaugeWithCallback.builder()
        .name("llm_d_epp_flow_control_stale_endpoints")
        .help("Healthy endpoints whose metrics are too old for the detector, or were never read.")
        .labelNames("detector")
        .callback(out -> {
          var endpoints = pool.get().endpoints();
          var now = nanoTime.getAsLong();
          var stale = 0;
          for (var endpoint : endpoints) {
            stale += isStale(endpoint, now, stalenessNanos) ? 1 : 0;
          }
          out.call(stale, detector);
        })
        .register(registry);
  }

  private static boolean isStale(EndpointState endpoint, long nowNanos, long stalenessNanos) {
    return endpoint.healthy()
        && (endpoint.sampledAtNanos() == EndpointState.NEVER_SAMPLED
            || nowNanos - endpoint.sampledAtNanos() > stalenessNanos);
  }
}
