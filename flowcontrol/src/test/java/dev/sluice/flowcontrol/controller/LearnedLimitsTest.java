package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a running engine learns of its endpoints, and what a new configuration leaves of it. */
final class LearnedLimitsTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();
  private static final int OFFERED = 100;

  private final FakeClock clock = new FakeClock();
  private final List<Permit> permits = new ArrayList<>();

  @Test
  void growsTheLimitOfAnEndpointWhoseAnswersBeginInTime() {
    try (var engine = engine(Map.of())) {
      engine.poolChanged(PoolSnapshot.of("a"));

      for (var i = 0; i < OFFERED; i++) {
        offer(engine);
      }
      assertThat(permits).hasSize(8);
      for (var i = 0; i < 5; i++) {
        clock.advance(Duration.ofMillis(250));
        List.copyOf(permits)
            .forEach(permit -> permit.progress(new Usage(10, 0, 1 + permits.size())));
      }

      assertThat(permits).hasSizeGreaterThanOrEqualTo(32);
      engine.checkInvariants();
    }
  }

  @Test
  void keepsALearnedLimitThroughAReconfigurationOfOtherThings() {
    try (var engine = engine(Map.of())) {
      growToSixteen(engine);

      engine.reconfigure(config(Map.of()).tenant("t", new TenantConfig(2, 0, 0, 0)).build());

      assertThatTwoMayGoForTwoThatEnd();
      engine.checkInvariants();
    }
  }

  @Test
  void keepsALearnedLimitThroughANewParameterOfTheDetector() {
    try (var engine = engine(Map.of())) {
      growToSixteen(engine);

      engine.reconfigure(config(Map.of("staleFactor", 0.7)).build());

      assertThatTwoMayGoForTwoThatEnd();
      clock.advance(Duration.ofMillis(100));
      engine.poolChanged(sampled(16));
      engine.reconfigure(config(Map.of("minLimit", 32, "startLimit", 32)).build());
      assertThat(permits).as("within the new bounds").hasSize(18 + 16);
      engine.checkInvariants();
    }
  }

  private void assertThatTwoMayGoForTwoThatEnd() {
    assertThat(permits).hasSize(16);
    List.copyOf(permits.subList(0, 2)).forEach(Permit::close);
    assertThat(permits).hasSize(16 + 2);
  }

  private void growToSixteen(FlowController engine) {
    engine.poolChanged(sampled(0));
    for (var i = 0; i < OFFERED; i++) {
      offer(engine);
    }
    assertThat(permits).hasSize(8);
    clock.advance(Duration.ofSeconds(1));
    engine.poolChanged(sampled(8));
    assertThat(permits).hasSize(16);
  }

  private FlowController engine(Map<String, Object> parameters) {
    return FlowController.builder(config(parameters).build()).timeSource(clock).build();
  }

  private static FlowControlConfig.Builder config(Map<String, Object> parameters) {
    return FlowControlConfig.builder()
        .detector(CATALOG.plugin(SaturationDetector.class, "ledger", parameters))
        .defaultTtl(Duration.ZERO);
  }

  /** Offers a request that never ends. */
  private void offer(FlowController engine) {
    engine.enqueue(
        FlowControlRequest.builder("r", new FlowKey("f", 0)).tenant("t").inputTokens(10).build(),
        admission -> {
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.add(dispatched.permit());
            dispatched.permit().bind("a");
          }
        });
  }

  private PoolSnapshot sampled(int runningThere) {
    return new PoolSnapshot(
        List.of(
            new EndpointState(
                "a", Set.of(), Set.of(), true, 0, runningThere, 0, 0, 0, 1.0, clock.nanoTime())));
  }
}
