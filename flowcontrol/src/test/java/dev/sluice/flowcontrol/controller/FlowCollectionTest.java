package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Flows that nobody uses any more are forgotten, whatever they owe. */
class FlowCollectionTest {
  private final FakeClock clock = new FakeClock();

  @Test
  void forgetsFlowsThatWereUsedOnceOnAPoolWithRoom() {
    var config =
        FlowControlConfig.builder()
            .flowIdleTimeout(Duration.ofMinutes(5))
            .bandIdleTimeout(Duration.ofMinutes(10))
            .build();
    try (var engine = FlowController.builder(config).timeSource(clock).build()) {
      engine.poolChanged(PoolSnapshot.of("server"));
      for (var i = 0; i < 1_000; i++) {
        var request =
            FlowControlRequest.builder("r", new FlowKey("session-" + i, 0)).inputTokens(9).build();
        engine.enqueue(
            request,
            admission -> {
              if (admission instanceof Admission.Dispatched dispatched) {
                dispatched.permit().complete(Usage.of(9, 9));
              }
            });
      }
      assertThat(engine.view().bands().getFirst().flows()).hasSize(1_000);

      clock.advance(Duration.ofMinutes(15));

      assertThat(engine.view().bands().stream().flatMap(band -> band.flows().stream())).isEmpty();
      engine.checkInvariants();
    }
  }

  @Test
  void shorterIdleTimeoutsHoldForWhatRestsAlready() {
    var config = FlowControlConfig.defaults();
    try (var engine = FlowController.builder(config).timeSource(clock).build()) {
      engine.enqueue(FlowControlRequest.builder("r", new FlowKey("t", 7)).build()).cancel(true);
      clock.advance(Duration.ofMinutes(1));
      assertThat(engine.view().bands()).anyMatch(band -> band.priority() == 7);

      engine.reconfigure(
          config.toBuilder()
              .flowIdleTimeout(Duration.ofSeconds(10))
              .bandIdleTimeout(Duration.ofSeconds(20))
              .build());
      clock.advance(Duration.ofSeconds(21));

      assertThat(engine.view().bands()).noneMatch(band -> band.priority() == 7);
      engine.checkInvariants();
    }
  }
}
