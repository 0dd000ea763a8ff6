package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The hint when to retry tells how long the backlog in a caller's way takes at the rate at which it
 * drains, after the callers that were told to return before.
 *
 * <p>Two mutants fail here: the rate of the pool in place of the flow's own, and the time of the
 * whole queue in place of that of the flow's own backlog.
 */
class RetryAfterTest {
  private static final int BACKLOG = 20;
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final FakeClock clock = new FakeClock();
  private final ArrayDeque<Permit> permits = new ArrayDeque<>();
  private final List<Duration> hints = new ArrayList<>();

  @Test
  void doublesWhenTheDepartureRateHalves() {
    var slow = hintAt(Duration.ofMillis(800));
    var quick = hintAt(Duration.ofMillis(400));

    assertAbout(quick, Duration.ofMillis(400).multipliedBy(BACKLOG + 1), 1.05);
    assertAbout(slow, Duration.ofMillis(800).multipliedBy(BACKLOG + 1), 1.05);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 8, 16})
  void isTrueWhenRequestsEndTogether(int together) {
    try (var engine = engine(together)) {
      fill(engine, together);
      for (var served = 0; served < 320; served += together) {
        clock.advance(SECOND.multipliedBy(together));
        serve(engine, together);
      }

      assertAbout(hint(engine, "t"), SECOND.multipliedBy(BACKLOG + 1), 1.5);
    }
  }

  @Test
  void isTheTimeToTheNextBurstIfABurstTakesTheWholeBacklog() {
    try (var engine = engine(32)) {
      fill(engine, 32);
      for (var i = 0; i < 10; i++) {
        clock.advance(Duration.ofSeconds(32));
        serve(engine, 32);
      }

      assertAbout(hint(engine, "t"), Duration.ofSeconds(32), 1.5);
    }
  }

  @Test
  void isASecondWhileNothingIsKnown() {
    try (var engine = engine(1)) {
      fill(engine, 1);

      assertThat(hint(engine, "t")).isEqualTo(SECOND);
    }
  }

  @Test
  void growsWhileNothingIsDispatched() {
    try (var engine = engine(1)) {
      fill(engine, 1);
      clock.advance(Duration.ofSeconds(30));
      assertAbout(hint(engine, "t"), Duration.ofSeconds(30), 1.5);

      clock.advance(Duration.ofMinutes(10));

      assertThat(hint(engine, "t")).isGreaterThan(Duration.ofMinutes(3));
    }
  }

  @Test
  void growsWhileNothingIsDispatchedAnyMore() {
    try (var engine = engine(1)) {
      fill(engine, 1);
      for (var i = 0; i < 100; i++) {
        clock.advance(SECOND);
        serve(engine, 1);
      }

      clock.advance(Duration.ofMinutes(10));

      assertThat(hint(engine, "t")).isGreaterThan(Duration.ofMinutes(3));
    }
  }

  @Test
  void tellsEachCallerATimeOfItsOwn() {
    try (var engine = engine(1)) {
      fill(engine, 1);
      for (var i = 0; i < 100; i++) {
        clock.advance(SECOND);
        serve(engine, 1);
      }

      for (var i = 0; i < 30; i++) {
        hint(engine, "t");
      }

      for (var i = 0; i < 30; i++) {
        assertAbout(hints.get(i), SECOND.multipliedBy(BACKLOG + 1 + i), 1.05);
      }
    }
  }

  @Test
  void forgetsCallersWhoseTimeIsOver() {
    try (var engine = engine(1)) {
      fill(engine, 1);
      for (var i = 0; i < 100; i++) {
        clock.advance(SECOND);
        serve(engine, 1);
        if (i == 10) {
          for (var k = 0; k < 30; k++) {
            hint(engine, "t");
          }
        }
      }

      assertAbout(hint(engine, "t"), SECOND.multipliedBy(BACKLOG + 1), 1.05);
    }
  }

  @Test
  void spreadsCallersThatWouldWaitLongerThanTheLongestTimeTold() {
    try (var engine = engine(1)) {
      fill(engine, 1);
      for (var i = 0; i < 10; i++) {
        clock.advance(Duration.ofSeconds(100));
        serve(engine, 1);
      }

      for (var i = 0; i < 60; i++) {
        hint(engine, "t");
      }

      assertThat(hints).allMatch(told -> told.toSeconds() >= 239 && told.toSeconds() <= 300);
      assertThat(hints.stream().map(Duration::toSeconds).distinct().count()).isGreaterThan(40);
    }
  }

  @Test
  void goesByTheFlowsOwnRate() {
    try (var engine = engine(1)) {
      fill(engine, 1);
      for (var i = 0; i < 200; i++) {
        offer(engine, "other"); // a flow of equal weight, so each gets half of the pool
      }

      for (var i = 0; i < 200; i++) {
        clock.advance(SECOND);
        permits.remove().complete(Usage.of(1, 1));
        offer(engine, i % 2 == 0 ? "t" : "other");
      }

      hints.clear();
      while (hints.isEmpty()) {
        offer(engine, "t");
      }
      assertAbout(hints.get(0), SECOND.multipliedBy(2 * (BACKLOG + 1)), 1.2);
    }
  }

  @Test
  void goesByTheFlowsOwnBacklogIfTheFlowIsFull() {
    var flowLimits = BandConfig.DEFAULT.withFlowLimits(BACKLOG, 1 << 20);
    try (var engine =
        engine(
            1,
            FlowControlConfig.builder()
                .defaultBand(flowLimits)
                .bandPolicy(PluginCatalog.builtIn().plugin(BandPolicy.class, "strict")))) {
      for (var i = 0; i <= BACKLOG; i++) {
        offer(engine, "u", "u");
        offer(engine, "waits for ever", "u", -1);
      }
      for (var i = 0; i < 100; i++) {
        clock.advance(SECOND);
        permits.remove().complete(Usage.of(1, 1));
        offer(engine, "u", "u");
      }

      assertAbout(hint(engine, "u"), SECOND.multipliedBy(BACKLOG + 1), 1.05);
    }
  }

  @Test
  void goesByTheBacklogOfAllFlowsOfATenantIfTheTenantIsFull() {
    try (var engine = engine(1)) {
      fill(engine, 1);
      for (var i = 0; i < 100; i++) {
        clock.advance(SECOND);
        serve(engine, 1);
      }

      offer(engine, "second flow", "t");
      offer(engine, "third flow", "t");

      assertAbout(hints.get(0), SECOND.multipliedBy(BACKLOG + 1), 1.05);
      assertAbout(hints.get(hints.size() - 1), SECOND.multipliedBy(BACKLOG + 2), 1.05);
    }
  }

  @Test
  void goesByTheWholeQueueIfTheWholeQueueIsFull() {
    try (var engine = engineWithTotal(1, BACKLOG)) {
      fill(engine, 1);
      for (var i = 0; i < 100; i++) {
        clock.advance(SECOND);
        serve(engine, 1);
      }

      assertAbout(hint(engine, "newcomer"), SECOND.multipliedBy(BACKLOG + 1), 1.05);
      assertAbout(hint(engine, "another"), SECOND.multipliedBy(BACKLOG + 2), 1.05);
    }
  }

  @Test
  void isNotPushedBackForOthersByOneFlowThatAsksAgainAndAgain() {
    try (var engine = engineWithTotal(1, BACKLOG)) {
      fill(engine, 1);
      for (var i = 0; i < 100; i++) {
        clock.advance(SECOND);
        serve(engine, 1);
      }
      for (var i = 0; i < 200; i++) {
        hint(engine, "impatient");
      }

      var told = hint(engine, "newcomer");

      assertThat(hints.get(199)).isGreaterThan(SECOND.multipliedBy(200));
      assertThat(told).isLessThan(SECOND.multipliedBy(2 * BACKLOG));
    }
  }

  /** The hint of a full flow of which one request has been served each {@code gap}. */
  private Duration hintAt(Duration gap) {
    permits.clear();
    try (var engine = engine(1)) {
      fill(engine, 1);
      for (var i = 0; i < 100; i++) {
        clock.advance(gap);
        serve(engine, 1);
      }
      return hint(engine, "t");
    }
  }

  private static void assertAbout(Duration told, Duration right, double factor) {
    assertThat(told.toNanos() / (double) right.toNanos())
        .as("told %s, right %s", told, right)
        .isBetween(1 / factor, factor);
  }

  private void fill(FlowController engine, int running) {
    for (var i = 0; i < BACKLOG + running; i++) {
      offer(engine, "t");
    }
  }

  /** Ends so many requests together, and queues as many. */
  private void serve(FlowController engine, int together) {
    for (var i = 0; i < together; i++) {
      permits.remove().complete(Usage.of(1, 1));
    }
    for (var i = 0; i < together; i++) {
      offer(engine, "t");
    }
  }

  /** What a caller is told that is refused. */
  private Duration hint(FlowController engine, String tenant) {
    var before = hints.size();
    offer(engine, tenant);
    assertThat(hints).hasSize(before + 1);
    return hints.get(hints.size() - 1);
  }

  /** An engine whose tenant {@code t} may queue {@link #BACKLOG} requests. */
  private FlowController engine(int slots) {
    return engine(slots, FlowControlConfig.builder());
  }

  /** An engine in which {@code most} requests may be queued in all. */
  private FlowController engineWithTotal(int slots, long most) {
    return engine(slots, FlowControlConfig.builder().maxRequests(most));
  }

  private FlowController engine(int slots, FlowControlConfig.Builder config) {
    var catalog = PluginCatalog.builtIn();
    config
        .detector(
            catalog.plugin(
                SaturationDetector.class, "concurrency", Map.of("maxConcurrency", slots)))
        .queueAdmission(catalog.plugin(QueueAdmissionPolicy.class, "none"))
        .defaultTtl(Duration.ZERO)
        .tenant("t", new TenantConfig(1.0, BACKLOG, 0, 0));
    var engine = FlowController.builder(config.build()).timeSource(clock).build();
    engine.poolChanged(PoolSnapshot.of("server"));
    return engine;
  }

  private void offer(FlowController engine, String tenant) {
    offer(engine, tenant, tenant);
  }

  private void offer(FlowController engine, String flow, String tenant) {
    offer(engine, flow, tenant, 0);
  }

  private void offer(FlowController engine, String flow, String tenant, int priority) {
    engine.enqueue(
        FlowControlRequest.builder("r", new FlowKey(flow, priority)).tenant(tenant).build(),
        admission -> {
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.add(dispatched.permit());
          } else if (admission instanceof Admission.Rejected rejected) {
            hints.add(rejected.retryAfter());
          }
        });
  }
}
