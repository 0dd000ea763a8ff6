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
 * Engines as they run in production, with default policies and metrics. Only the limits on queued
 * requests and bytes are higher, so that no measurement of waiting measures refusals instead.
 */
final class Engines {
  /** The id of the pool's one endpoint. */
  static final String ENDPOINT = "endpoint";

  private static final int ROOMY_REQUESTS = 10_000_000;
  private static final long ROOMY_BYTES = 1L << 40;
  private static final Usage USAGE = Usage.of(50, 100);

  private Engines() {}

  /** Permits that a measurement holds until {@link #close}. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** An engine in front of one endpoint that serves {@code requests} requests at once. */
  static FlowController withRoomFor(int requests) {
    return of(configWithRoomFor(requests));
  }

  /** An engine in front of a pool that always has room. */
  static FlowController withRoomForAll() {
    return withRoomFor(Integer.MAX_VALUE);
  }

  /** The configuration that {@link #withRoomFor} uses. */
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

  /** An engine with this configuration, with metrics, and with a pool of one endpoint. */
  static FlowController of(FlowControlConfig config) {
    return of(config, 1);
  }

  /** An engine as by {@link #of(FlowControlConfig)}, with a number of shards. */
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

  /** The permit of a dispatched request. Throws if the request was not dispatched. */
  static Permit permit(Admission admission) {
    if (admission instanceof Admission.Dispatched dispatched) {
      return dispatched.permit();
    }
    throw new IllegalStateException("not dispatched: " + admission);
  }

  /** Does nothing with an outcome, for callers that know the outcome anyway. */
  static void ignore(Admission admission) {}

  /** Returns a permit with the usage of a short answer. */
  static void complete(Permit permit) {
    permit.complete(USAGE);
  }

  /** Takes a number of free permits. */
  static Held hold(FlowController controller, int permits) throws InterruptedException {
    var request = FlowControlRequest.builder("held", new FlowKey("held", 0)).build();
    var held = new ArrayList<Permit>();
    for (var i = 0; i < permits; i++) {
      held.add(permit(controller.enqueueAndWait(request)));
    }
    return () -> held.forEach(Engines::complete);
  }

  /** Waits until at least {@code requests} requests are queued. */
  static void awaitQueued(FlowController controller, long requests) throws InterruptedException {
    while (controller.view().queuedRequests() < requests) {
      Thread.sleep(1);
    }
  }
}
