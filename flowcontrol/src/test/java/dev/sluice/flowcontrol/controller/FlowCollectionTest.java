package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Flows that nobody uses any more are forgotten, even if they owe service. */
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
      assertThat(engine.view().bands().get(0).flows()).hasSize(1_000);

      clock.advance(Duration.ofMinutes(15));

      assertThat(engine.view().bands().stream().flatMap(band -> band.flows().stream())).isEmpty();
      engine.checkInvariants();
    }
  }

  @Test
  void theBandPolicyHearsOfAForgottenBandBeforeItHearsOfRanks() {
    var policy = new RecordingBands();
    var config =
        FlowControlConfig.builder().bandPolicy(Plugin.of("recording", () -> policy)).build();
    try (var engine = FlowController.builder(config).timeSource(clock).build()) {
      engine.poolChanged(PoolSnapshot.of("server"));
      var permits = new ArrayList<Permit>();
      for (var priority : new int[] {7, 0}) {
        engine.enqueue(
            FlowControlRequest.builder("r", new FlowKey("t", priority)).inputTokens(9).build(),
            admission -> {
              if (admission instanceof Admission.Dispatched dispatched) {
                permits.add(dispatched.permit());
              }
            });
      }
      permits.get(0).close();
      clock.advance(Duration.ofMinutes(10)); // flow t:7 is forgotten, its band not yet
      clock.lag(Duration.ofMinutes(10)); // and now it is due, but its alarm is late

      permits.get(permits.size() - 1).complete(Usage.of(9, 900));

      assertThat(policy.corrected).containsExactly(0);
    }
  }

  /** The priorities that the policy was told of, and those whose charges were corrected. */
  private static final class RecordingBands implements BandPolicy {
    private final List<Integer> corrected = new ArrayList<>();
    private List<Integer> told = List.of();

    @Override
    public void bandsChanged(List<? extends BandView> bands) {
      told = bands.stream().map(BandView::priority).toList();
    }

    @Override
    public int next(long candidates) {
      return Long.numberOfTrailingZeros(candidates);
    }

    @Override
    public void corrected(int rank, long cost, long costDelta, long backlogged, long booking) {
      corrected.add(told.get(rank));
    }
  }

  @Test
  void aListedBandIsNotEmptyForLongerThanTheEngineRuns() {
    var listed = FlowControlConfig.builder().band(7, BandConfig.DEFAULT).build();
    try (var engine = FlowController.builder(listed).timeSource(clock).build()) {
      engine.reconfigure(FlowControlConfig.defaults());
      clock.settle();
      assertThat(engine.view().bands()).anyMatch(band -> band.priority() == 7);

      clock.advance(Duration.ofMinutes(10));
      assertThat(engine.view().bands()).noneMatch(band -> band.priority() == 7);
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
