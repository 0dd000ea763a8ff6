package dev.sluice.flowcontrol.plugins.fairness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.FakeFlowQueue;
import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.conformance.InterFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Upstream's rows F28 to F38, as far as they are about the choice. */
final class ProgramAwareTest extends InterFlowDispatchPolicyConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final long SECOND = 1_000_000_000L;

  @Override
  protected InterFlowDispatchPolicy newPolicy() {
    return new ProgramAware(ProgramAware.Parameters.DEFAULT);
  }

  @Test
  void prefersTheFlowThatGotLess() {
    var policy = newPolicy();
    var queues = waiting(policy, 0, 0);
    policy.completed(queues.get(0).flow(), 1_000, SECOND);
    policy.completed(queues.get(1).flow(), 10, SECOND);

    assertThat(policy.next(ANY, SECOND)).isSameAs(queues.get(1));
    assertThat(policy.precedes(queues.get(1), queues.get(0), SECOND)).isTrue();
  }

  @Test
  void letsTheHeadsWaitDecideBetweenFlowsThatGotNothing() {
    var policy = newPolicy();
    var queues = waiting(policy, 500_000_000, 0);

    assertThat(policy.next(ANY, SECOND)).isSameAs(queues.get(1));
  }

  @Test
  void chargesNothingBeforeTheEnd() {
    var policy = newPolicy();
    var queues = waiting(policy, 0, 500_000_000);

    policy.dispatched(queues.get(0), 1_000_000);
    policy.corrected(queues.get(0).flow(), 1_000_000);

    assertThat(policy.next(ANY, SECOND)).isSameAs(queues.get(0));
  }

  @Test
  void halvesWhatWasAttainedAtTheHalfLife() {
    var policy = newPolicy();
    var queues = waiting(policy, 0, 0);
    policy.completed(queues.get(0).flow(), 1_000, 0);

    policy.completed(queues.get(1).flow(), 499, 60 * SECOND);
    assertThat(policy.next(ANY, 60 * SECOND)).isSameAs(queues.get(1));
    policy.completed(queues.get(1).flow(), 2, 60 * SECOND);
    assertThat(policy.next(ANY, 60 * SECOND)).isSameAs(queues.get(0));
  }

  @Test
  void keepsWhatWasAttainedWithoutHalfLife() {
    var policy = new ProgramAware(new ProgramAware.Parameters("las", 0, 300, 0.8, 0.2, 0));
    var queues = waiting(policy, 0, 0);
    policy.completed(queues.get(0).flow(), 1_000, 0);
    policy.completed(queues.get(1).flow(), 999, 3_600 * SECOND);

    assertThat(policy.next(ANY, 3_600 * SECOND)).isSameAs(queues.get(1));
  }

  @Test
  void remembersAnIdleFlowForAsLongAsItIsTold() {
    var policy = newPolicy();
    var flow = FakeFlow.of("a", 1);
    policy.completed(flow, 1_000, 0);
    assertThat(policy.mayForget(flow)).isFalse();

    policy.completed(FakeFlow.of("b", 1), 1, 3_601 * SECOND);

    assertThat(policy.mayForget(flow)).isTrue();
  }

  @Test
  void refusesWhatUpstreamRefuses() {
    assertThatThrownBy(() -> new ProgramAware.Parameters("fifo", 0, 1, 1, 1, 1))
        .hasMessage("unknown scoring strategy \"fifo\": only \"las\" is supported");
    assertThatThrownBy(() -> new ProgramAware.Parameters("las", -1, 1, 1, 1, 1))
        .hasMessage("evictionTtlSeconds: got -1.0, allowed >= 0");
    assertThatThrownBy(() -> new ProgramAware.Parameters("las", 0, 0, 1, 1, 1))
        .hasMessage("evictionSweepSeconds: got 0.0, allowed above 0");
  }

  private static List<FakeFlowQueue> waiting(InterFlowDispatchPolicy policy, long... offeredAt) {
    var queues = new ArrayList<FakeFlowQueue>();
    for (var i = 0; i < offeredAt.length; i++) {
      var queue = new FakeFlowQueue(FakeFlow.of("f" + i, 1), ANY);
      queue.add(FakeItem.expiring(i, offeredAt[i], Long.MAX_VALUE));
      queues.add(queue);
      policy.activated(queue);
    }
    return queues;
  }
}
