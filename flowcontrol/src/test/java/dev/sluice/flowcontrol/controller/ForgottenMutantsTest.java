package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Rules that no other test of the engine held. Each of these mutants was tried once and failed
 * here:
 *
 * <ol>
 *   <li>the drain's future waits for what runs, and ignores the drain's end
 *   <li>a second shutdown lengthens the drain
 *   <li>idle queues of a flow are never dropped
 *   <li>the gate is not told of retired classes
 *   <li>corrections are missing in a flow's dispatched cost
 *   <li>Retry-After comes from the pool's rate where the flow's own is known
 *   <li>ceilings are not computed again when the saturation changes
 *   <li>ceilings are not computed again when the configuration changes: both {@code Room} and the
 *       bands' version see to that, and only a mutant of both fails
 * </ol>
 *
 * {@link FuturesTest} has the future that is cancelled and keeps its permit, {@link LockTest} those
 * of the lock and the intake, {@code StrictReserveTest} the largest cost that never fades, and
 * {@code VirtualTokenTest} the rebase that leaves lifted flows alone.
 */
final class ForgottenMutantsTest {
  private final HeldEngine gate = new HeldEngine();
  private final FakeClock clock = new FakeClock();
  private final List<Admission> outcomes = new ArrayList<>();
  private FlowController engine = engine(FlowControlConfig.builder());

  private FlowController engine(FlowControlConfig.Builder config) {
    var made =
        FlowController.builder(config.detector(gate.detector()).defaultTtl(Duration.ZERO).build())
            .timeSource(clock)
            .build();
    made.poolChanged(PoolSnapshot.of("e"));
    return made;
  }

  @AfterEach
  void close() {
    engine.checkInvariants();
    engine.close();
  }

  @Test
  void aDrainIsOverAtItsEndAlthoughRequestsRun() {
    offer("runs", 0);

    var drained = engine.shutdown(Duration.ofSeconds(5));

    clock.advance(Duration.ofMillis(4_999));
    assertThat(drained).isNotDone();
    clock.advance(Duration.ofMillis(1));
    assertThat(drained).isDone();
    assertThat(engine.view().runningRequests()).isOne();
  }

  @Test
  void aDrainIsOverBeforeItsEndWhenNothingRuns() {
    offer("runs", 0);
    var drained = engine.shutdown(Duration.ofSeconds(5));

    permit(0).close();

    assertThat(drained).isDone();
  }

  @Test
  void aSecondShutdownShortensTheDrainAndNeverLengthensIt() {
    gate.room = 0;
    offer("waits", 0);
    var first = engine.shutdown(Duration.ofSeconds(5));
    var second = engine.shutdown(Duration.ofSeconds(50));

    clock.advance(Duration.ofSeconds(5));

    assertThat(outcomes)
        .singleElement()
        .isInstanceOfSatisfying(
            Admission.Evicted.class,
            evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.SHUTTING_DOWN));
    assertThat(first).isDone();
    assertThat(second).isDone();
  }

  @Test
  void aFlowKeepsEightIdleQueuesAndTheGateForgetsTheOtherClasses() {
    for (var i = 0; i < 100; i++) {
      engine.enqueue(
          FlowControlRequest.builder("r", new FlowKey("t", 0))
              .eligibility(Eligibility.ofModel("m" + i))
              .build(),
          outcome -> ((Admission.Dispatched) outcome).permit().close());
    }

    assertThat(gate.added).hasSize(101);
    assertThat(gate.retired).hasSize(92).doesNotHaveDuplicates();
  }

  @Test
  void aForgottenFlowTakesItsClassesAlong() {
    engine.enqueue(
        FlowControlRequest.builder("r", new FlowKey("t", 0))
            .eligibility(Eligibility.ofModel("m"))
            .build(),
        outcome -> ((Admission.Dispatched) outcome).permit().close());
    assertThat(gate.retired).isEmpty();

    clock.advance(Duration.ofHours(1));

    assertThat(engine.view().bands()).allMatch(band -> band.flows().isEmpty());
    assertThat(gate.retired).singleElement().matches(c -> c.needs().model().equals("m"));
  }

  @Test
  void whatAFlowHasUsedIsInItsDispatchedCost() {
    offer("a", 0);
    offer("a", 0);
    var before = dispatchedCost();

    permit(0).progress(Usage.of(0, 100_000));
    assertThat(dispatchedCost()).isGreaterThan(before);
    permit(0).complete(Usage.of(0, 200_000));
    permit(1).complete(Usage.NONE);

    var twice = dispatchedCost();
    offer("b", 0);
    permit(2).complete(Usage.of(0, 200_000));
    var flows = engine.view().bands().get(0).flows();
    assertThat(flows.get(flows.size() - 1).dispatchedCost()).isEqualTo(twice);
  }

  private long dispatchedCost() {
    return engine.view().bands().get(0).flows().get(0).dispatchedCost();
  }

  /** One flow goes every second and the other every 20 s: each hears of its own pace. */
  @Test
  void theAdviceToAFlowIsByItsOwnPace() {
    engine =
        engine(
            FlowControlConfig.builder().defaultBand(BandConfig.DEFAULT.withFlowLimits(2, 1_000)));
    var room = 0;
    gate.room = room;
    for (var second = 0; second < 200; second++) {
      offer("fast", 10);
      if (second % 20 == 0) {
        offer("slow", 0);
      }
      room += second % 20 == 10 ? 2 : 1;
      gate.room = room;
      clock.advance(Duration.ofSeconds(1));
      engine.poolChanged(PoolSnapshot.of("e"));
    }
    gate.room = 0;
    for (var i = 0; i < 100; i++) {
      offer("crowd" + i, 5);
    }
    for (var i = 0; i < 3; i++) {
      offer("fast", 10);
      offer("slow", 0);
    }

    var advice = outcomes.stream().filter(Admission.Rejected.class::isInstance).toList();
    var slow = ((Admission.Rejected) advice.get(advice.size() - 1)).retryAfter();
    var fast = ((Admission.Rejected) advice.get(advice.size() - 2)).retryAfter();
    assertThat(fast).as("the crowd is not ahead of it").isLessThan(Duration.ofSeconds(20));
    assertThat(slow).isGreaterThan(fast.multipliedBy(3));
  }

  @Test
  void ceilingsFollowTheSaturation() {
    engine =
        engine(
            FlowControlConfig.builder()
                .usageLimit(Plugin.<UsageLimitPolicy>of("steps", Steps::new)));
    offer("high", 10);
    gate.saturation = 0.4;
    offer("low", 0);
    assertThat(outcomes).hasSize(2);

    gate.saturation = 0.6;
    offer("low", 0);
    assertThat(outcomes).as("above its ceiling").hasSize(2);
    offer("high", 10);
    assertThat(outcomes).hasSize(3);

    gate.saturation = 0.4;
    engine.poolChanged(PoolSnapshot.of("e"));
    assertThat(outcomes).hasSize(4);
  }

  @Test
  void ceilingsFollowTheConfiguration() {
    var config = FlowControlConfig.builder().detector(gate.detector()).defaultTtl(Duration.ZERO);
    engine = engine(config.usageLimit(Plugin.<UsageLimitPolicy>of("steps", Steps::new)));
    gate.saturation = 0.6;
    offer("high", 10);
    offer("low", 0);
    assertThat(outcomes).as("one is above its ceiling").hasSize(1);

    engine.reconfigure(
        config.usageLimit(Plugin.<UsageLimitPolicy>of("whole", WholePool::new)).build());

    assertThat(outcomes).hasSize(2);
  }

  /** Every band has the whole pool. */
  private static final class WholePool implements UsageLimitPolicy {
    @Override
    public void ceilings(double saturation, int[] priorities, double[] ceilings) {}
  }

  /** The band below the top has the whole pool while it is half empty, and then a third of it. */
  private static final class Steps implements UsageLimitPolicy {
    @Override
    public void ceilings(double saturation, int[] priorities, double[] ceilings) {
      for (var i = 1; i < ceilings.length; i++) {
        ceilings[i] = saturation < 0.5 ? 1.0 : 0.3;
      }
    }

    @Override
    public boolean dependsOnSaturation() {
      return true;
    }
  }

  private Permit permit(int number) {
    return ((Admission.Dispatched) outcomes.get(number)).permit();
  }

  private void offer(String flow, int priority) {
    engine.enqueue(
        FlowControlRequest.builder(flow, new FlowKey(flow, priority)).build(), outcomes::add);
  }
}
