package dev.sluice.observability.metrics;

import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/** The series of the connections of clients, read when the metrics are scraped. O(1). */
public final class ConnectionSeries {
  private ConnectionSeries() {}

  /**
   * Registers the series.
   *
   * @param open the connections that are open
   * @param limit the most that may be open
   * @param refused those that were refused, since the start
   * @param timedOut those that were ended because the client took too long, since the start
   */
  public static void register(
      PrometheusRegistry registry,
      IntSupplier open,
      IntSupplier limit,
      LongSupplier refused,
      LongSupplier timedOut) {
    GaugeWithCallback.builder()
        .name("sluice_client_connections")
        .help("Connections of clients that are open.")
        .callback(out -> out.call(open.getAsInt()))
        .register(registry);
    GaugeWithCallback.builder()
        .name("sluice_client_connections_limit")
        .help("The most connections of clients that may be open.")
        .callback(out -> out.call(limit.getAsInt()))
        .register(registry);
    CounterWithCallback.builder()
        .name("sluice_client_connections_refused_total")
        .help("Connections that were refused because too many were open.")
        .callback(out -> out.call((double) refused.getAsLong()))
        .register(registry);
    CounterWithCallback.builder()
        .name("sluice_client_connections_timed_out_total")
        .help("Connections and HTTP/2 streams that were ended because the client took too long.")
        .callback(out -> out.call((double) timedOut.getAsLong()))
        .register(registry);
  }
}
