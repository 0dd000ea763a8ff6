package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.observability.metrics.EngineMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.Map;

/**
 * Engines as they run in production: default policies, metrics on. Only the limits on what a band
 * may queue are higher, so that a measurement of waiting is none of refusing.
 */
final class Engines {
  /** The pool's one endpoint. */
  static final String ENDPOINT = "endpoint";

  private static final int ROOMY_REQUESTS = 10_000_000;
  private static final long ROOMY_BYTES = 1L << 40;
  private static final Usage USAGE = Usage.of(50, 100);

  private Engines() {}

  /** What a measurement holds back, to be let go by {@link #close}. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** An engine in front of one endpoint that serves so many requests at once. */
  static FlowController withRoomFor(int requests) {
    return of(configWithRoomFor(requests));
  }

  /** An engine in front of a pool that always has room. */
  static FlowController withRoomForAll() {
    return withRoomFor(Integer.MAX_VALUE);
  }

  /** The configuration of {@link #withRoomFor}. */
  static FlowControlConfig configWithRoomFor(int requests) {
    var detector =
        PluginCatalog.builtIn()
            .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", requests));
    return FlowControlConfig.builder()
        .detector(detector)
        .defaultBand(BandConfig.DEFAULT.withLimits(ROOMY_REQUESTS, ROOMY_BYTES))
        .maxBytes(ROOMY_BYTES)
        .build();
  }

  /** An engine of this configuration, with metrics and a pool of one endpoint. */
  static FlowController of(FlowControlConfig config) {
    return of(config, 1);
  }

  /** The same, with so many shards. */
  static FlowController of(FlowControlConfig config, int shards) {
    var controller =
        FlowController.builder(config)
            .observer(new EngineMetrics(new PrometheusRegistry(), "benchmark"))
            .shards(shards)
            .build();
    controller.poolChanged(PoolSnapshot.of(ENDPOINT));
    return controller;
  }

  /** Offers a request, waits for its permit and returns it. */
  static void roundTrip(FlowController controller, FlowControlRequest request)
      throws InterruptedException {
    complete(permit(controller.enqueueAndWait(request)));
  }

  /** The permit of a request that must have been dispatched. */
  static Permit permit(Admission admission) {
    if (admission instanceof Admission.Dispatched dispatched) {
      return dispatched.permit();
    }
    throw new IllegalStateException("not dispatched: " + admission);
  }

  /** For who knows what becomes of a request. */
  static void ignore(Admission admission) {}

  /** Returns a permit with the usage of a short answer. */
  static void complete(Permit permit) {
    permit.complete(USAGE);
  }

  /** Takes so many permits, which are free. */
  static Held hold(FlowController controller, int permits) throws InterruptedException {
    var request = FlowControlRequest.builder("held", new FlowKey("held", 0)).build();
    var held = new ArrayList<Permit>();
    for (var i = 0; i < permits; i++) {
      held.add(permit(controller.enqueueAndWait(request)));
    }
    return () -> held.forEach(Engines::complete);
  }

  /** Waits until so many requests are queued. */
  static void awaitQueued(FlowController controller, long requests) throws InterruptedException {
    while (controller.view().queuedRequests() < requests) {
      Thread.sleep(1);
    }
  }
}
