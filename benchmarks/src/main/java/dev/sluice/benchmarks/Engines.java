package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.config.BandConfig;
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

/**
 * Engines as they run in production: default policies, metrics on. Only the limits on what a band
 * may queue are higher, so that a measurement of waiting is none of refusing.
 */
final class Engines {
  private static final int ROOMY_REQUESTS = 10_000_000;
  private static final long ROOMY_BYTES = 1L << 40;
  private static final Usage USAGE = Usage.of(50, 100);

  private Engines() {}

  /** An engine in front of one endpoint that serves so many requests at once. */
  static FlowController withRoomFor(int requests) {
    var detector =
        PluginCatalog.builtIn()
            .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", requests));
    var roomy = BandConfig.DEFAULT.withLimits(ROOMY_REQUESTS, ROOMY_BYTES);
    var config =
        FlowControlConfig.builder()
            .detector(detector)
            .defaultBand(roomy)
            .maxBytes(ROOMY_BYTES)
            .build();
    var controller =
        FlowController.builder(config)
            .observer(new EngineMetrics(new PrometheusRegistry(), "benchmark"))
            .build();
    controller.poolChanged(PoolSnapshot.of("endpoint"));
    return controller;
  }

  /** Offers a request, waits for its permit and returns it. */
  static void roundTrip(FlowController controller, FlowControlRequest request)
      throws InterruptedException {
    var admission = controller.enqueueAndWait(request);
    if (!(admission instanceof Admission.Dispatched dispatched)) {
      throw new IllegalStateException("not dispatched: " + admission);
    }
    dispatched.permit().complete(USAGE);
  }
}
