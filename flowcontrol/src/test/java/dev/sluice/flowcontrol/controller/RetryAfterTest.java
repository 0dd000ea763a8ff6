package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The hint when to retry is the time that the flow's own backlog takes at its departure rate. */
class RetryAfterTest {
  private static final int BACKLOG = 20;

  private final FakeClock clock = new FakeClock();
  private final ArrayDeque<Permit> permits = new ArrayDeque<>();
  private final List<Admission.Rejected> refused = new ArrayList<>();

  @Test
  void doublesWhenTheDepartureRateHalves() {
    var slow = hintAt(Duration.ofMillis(800));
    var quick = hintAt(Duration.ofMillis(400));

    assertThat(quick).isEqualTo(Duration.ofMillis(400).multipliedBy(BACKLOG + 1));
    assertThat(slow).isEqualTo(quick.multipliedBy(2));
  }

  @Test
  void isASecondWhileNothingIsKnown() {
    try (var engine = engine()) {
      fill(engine);

      offer(engine);

      assertThat(refused)
          .singleElement()
          .extracting(Admission.Rejected::retryAfter)
          .isEqualTo(Duration.ofSeconds(1));
    }
  }

  /** The hint of a full flow of which one request has been served each {@code gap}. */
  private Duration hintAt(Duration gap) {
    refused.clear();
    permits.clear();
    try (var engine = engine()) {
      fill(engine);
      for (var i = 0; i < 30; i++) {
        clock.advance(gap);
        permits.remove().complete(Usage.of(1, 1));
        offer(engine);
      }

      offer(engine);

      return refused.getLast().retryAfter();
    }
  }

  private void fill(FlowController engine) {
    for (var i = 0; i <= BACKLOG; i++) {
      offer(engine);
    }
  }

  private FlowController engine() {
    var detector =
        PluginCatalog.builtIn()
            .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 1));
    var config =
        FlowControlConfig.builder()
            .detector(detector)
            .defaultTtl(Duration.ZERO)
            .tenant("t", new TenantConfig(1.0, BACKLOG, 0, 0))
            .build();
    var engine = FlowController.builder(config).timeSource(clock).build();
    engine.poolChanged(PoolSnapshot.of("server"));
    return engine;
  }

  private void offer(FlowController engine) {
    engine.enqueue(
        FlowControlRequest.builder("r", new FlowKey("t", 0)).build(),
        admission -> {
          switch (admission) {
            case Admission.Dispatched dispatched -> permits.add(dispatched.permit());
            case Admission.Rejected rejected -> refused.add(rejected);
            case Admission.Evicted ignored -> {}
          }
        });
  }
}
