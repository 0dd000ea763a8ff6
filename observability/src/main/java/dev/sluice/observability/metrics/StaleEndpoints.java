package dev.sluice.observability.metrics;

import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * The gauge {@code llm_d_epp_flow_control_stale_endpoints}: how many healthy endpoints have no
 * sample of their metrics that the saturation detector would still believe. Counted when somebody
 * scrapes, O(endpoints). Name and label are upstream's.
 */
public final class StaleEndpoints {
  private StaleEndpoints() {}

  /**
   * Registers the gauge. Where a detector reads no samples there is nothing to be stale, and no
   * reason to call this.
   *
   * @param detector the detector's type, the value of the label {@code detector}
   * @param staleness the age beyond which the detector disregards a sample
   * @param pool gives the present picture of the pool
   * @param nanoTime the clock that samples are stamped with
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
        .help("Healthy endpoints whose metrics are too old for the detector.")
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
