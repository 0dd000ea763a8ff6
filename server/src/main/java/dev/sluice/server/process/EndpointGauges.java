package dev.sluice.server.process;

import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.EndpointView;
import io.prometheus.metrics.core.metrics.CounterWithCallback;
import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.function.ToDoubleFunction;

/** The metrics of the pool's endpoints. Taken when the metrics are scraped, in O(endpoints). */
final class EndpointGauges {
  private EndpointGauges() {}

  static void register(PrometheusRegistry registry, EndpointPool pool) {
    gauge(
        registry,
        pool,
        "sluice_endpoint_ejected",
        "1 while the endpoint is taken out, or tried, because requests failed there.",
        view -> view.ejection().equals("IN") ? 0 : 1);
    gauge(
        registry,
        pool,
        "sluice_endpoint_metrics_unusable",
        "1 while the endpoint's metrics can't be read or used; /debug/flows says why.",
        view -> view.metricsTrouble().isEmpty() ? 0 : 1);
    gauge(
        registry,
        pool,
        "sluice_endpoint_healthy",
        "1 while the endpoint passes its health checks.",
        view -> view.health().equals("HEALTHY") ? 1 : 0);
    counter(
        registry,
        pool,
        "sluice_endpoint_ejections",
        "How often the endpoint was taken out because requests failed there.",
        view -> (double) view.ejections());
    counter(
        registry,
        pool,
        "sluice_endpoint_failed_requests",
        "Requests that failed at the endpoint.",
        view -> (double) view.failedRequests());
    CounterWithCallback.builder()
        .name("sluice_dispatches_without_room")
        .help("Requests dispatched although every endpoint was at its maxRequests: each a bug.")
        .callback(out -> out.call((double) pool.dispatchesWithoutRoom()))
        .register(registry);
  }

  private static void gauge(
      PrometheusRegistry registry,
      EndpointPool pool,
      String name,
      String help,
      ToDoubleFunction<EndpointView> value) {
    GaugeWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("endpoint")
        .callback(out -> {
          for (var view : pool.views()) {
            out.call(value.applyAsDouble(view), view.id());
          }
        })
        .register(registry);
  }

  private static void counter(
      PrometheusRegistry registry,
      EndpointPool pool,
      String name,
      String help,
      ToDoubleFunction<EndpointView> value) {
    CounterWithCallback.builder()
        .name(name)
        .help(help)
        .labelNames("endpoint")
        .callback(out -> {
          for (var view : pool.views()) {
            out.call(value.applyAsDouble(view), view.id());
          }
        })
        .register(registry);
  }
}
