package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link InterFlowDisplacementPolicy}. */
public abstract class InterFlowDisplacementPolicyConformance {

  /** A policy of the type under test, for one band. */
  protected abstract InterFlowDisplacementPolicy newPolicy();

  @Test
  void namesNoFlowWhereNothingIsQueued() {
    var policy = newPolicy();
    assertThat(policy.victim()).isNull();

    var flow = FakeFlow.of("a", 1);
    policy.backlogChanged(flow.backlog(1, 10, 10));
    policy.backlogChanged(flow.backlog(0, 0, 0));

    assertThat(policy.victim()).isNull();
  }

  @Test
  void namesTheOnlyFlowThatHasSomethingQueued() {
    var policy = newPolicy();
    var flow = FakeFlow.of("a", 1);
    policy.backlogChanged(FakeFlow.of("b", 1));

    policy.backlogChanged(flow.backlog(1, 10, 10));

    assertThat(policy.victim()).isSameAs(flow);
  }

  @Test
  void worksOnStateThatAnotherPolicyLeft() {
    var flow = FakeFlow.of("a", 1);
    newPolicy().backlogChanged(flow.backlog(1, 10, 10));
    var policy = newPolicy();

    policy.backlogChanged(flow);

    assertThat(policy.victim()).isSameAs(flow);
    flow.displacementState("foreign");
    policy = newPolicy();
    policy.backlogChanged(flow);
    assertThat(policy.victim()).isSameAs(flow);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void namesAFlowWithABacklogIffThereIsOne(long seed) {
    var run = new Run(newPolicy());
    var random = new Random(seed);

    for (var step = 0; step < 20_000; step++) {
      run.step(random);
      var victim = run.policy.victim();
      if (victim == null) {
        assertThat(run.flows).as("seed %d", seed).allMatch(flow -> flow.queuedRequests() == 0);
      } else {
        assertThat(victim.queuedRequests()).as("seed %d", seed).isPositive();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void displacesEveryRequestIfAskedLongEnough(long seed) {
    var run = new Run(newPolicy());
    var random = new Random(seed);
    for (var step = 0; step < 500; step++) {
      run.step(random);
    }

    for (var victim = run.policy.victim(); victim != null; victim = run.policy.victim()) {
      run.shrink((FakeFlow) victim);
    }

    assertThat(run.flows).as("seed %d", seed).allMatch(flow -> flow.queuedRequests() == 0);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void choosesTheSameForTheSameHistory(long seed) {
    var first = new Run(newPolicy());
    var second = new Run(newPolicy());
    var randomOfFirst = new Random(seed);
    var randomOfSecond = new Random(seed);

    for (var step = 0; step < 5_000; step++) {
      first.step(randomOfFirst);
      second.step(randomOfSecond);
      assertThat(String.valueOf(first.policy.victim()))
          .as("step %d, seed %d", step, seed)
          .isEqualTo(String.valueOf(second.policy.victim()));
    }
  }

  /** A random history of a band's backlogs. */
  private static final class Run {
    final InterFlowDisplacementPolicy policy;
    final List<FakeFlow> flows = new ArrayList<>();

    Run(InterFlowDisplacementPolicy policy) {
      this.policy = policy;
      for (var i = 0; i < 15; i++) {
        flows.add(FakeFlow.of("f" + i, 1 + i % 3));
      }
    }

    void step(Random random) {
      var flow = flows.get(random.nextInt(flows.size()));
      if (random.nextBoolean()) {
        policy.backlogChanged(
            flow.backlog(
                flow.queuedRequests() + 1,
                flow.queuedBytes() + 10,
                flow.queuedCost() + 1 + random.nextInt(100)));
      } else if (flow.queuedRequests() > 0) {
        shrink(flow);
      }
    }

    void shrink(FakeFlow flow) {
      var rest = flow.queuedRequests() - 1;
      policy.backlogChanged(
          flow.backlog(rest, 10L * rest, rest == 0 ? 0 : Math.max(rest, flow.queuedCost() - 10)));
    }
  }
}
