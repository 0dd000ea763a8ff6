package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.observability.metrics.EngineMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;

/** Engines as they run in production: default policies, metrics on. */
final class Engines {
  private static final Usage USAGE = Usage.of(50, 100);

  private Engines() {}

  /** An engine in front of one endpoint that serves so many requests at once. */
  static FlowController withRoomFor(int requests) {
    var detector =
        PluginCatalog.builtIn()
            .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", requests));
    var controller =
        FlowController.builder(FlowControlConfig.builder().detector(detector).build())
            .observer(new EngineMetrics(new PrometheusRegistry(), "benchmark"))
            .build();
    controller.poolChanged(PoolSnapshot.of("endpoint"));
    return controller;
  }

  /** Offers a request, waits for its permit and returns it. */
  static void roundTrip(FlowController controller, FlowControlRequest request)
      throws InterruptedException {
    if (controller.enqueueAndWait(request) instanceof Admission.Dispatched dispatched) {
      dispatched.permit().complete(USAGE);
    } else {
      throw new IllegalStateException("refused");
    }
  }
}
