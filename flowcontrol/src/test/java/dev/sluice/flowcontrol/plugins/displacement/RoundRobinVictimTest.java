package dev.sluice.flowcontrol.plugins.displacement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.InterFlowDisplacementPolicyConformance;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class RoundRobinVictimTest extends InterFlowDisplacementPolicyConformance {

  @Override
  protected InterFlowDisplacementPolicy newPolicy() {
    return new RoundRobinVictim();
  }

  @Test
  void takesOneRequestOfEachFlowInTurn() {
    var policy = newPolicy();
    var flows = List.of(FakeFlow.of("a", 1), FakeFlow.of("b", 1), FakeFlow.of("c", 1));
    for (var flow : flows) {
      policy.backlogChanged(flow.backlog(5, 50, 50));
    }

    var taken = new ArrayList<String>();
    for (var i = 0; i < 7; i++) {
      var victim = (FakeFlow) Objects.requireNonNull(policy.victim());
      taken.add(victim.key().id());
      policy.backlogChanged(victim.backlog(victim.queuedRequests() - 1, 0, 0));
    }

    assertThat(taken).containsExactly("a", "b", "c", "a", "b", "c", "a");
  }

  @Test
  void keepsTheTurnOfAFlowThatWasOnlyAskedAbout() {
    var policy = newPolicy();
    var a = FakeFlow.of("a", 1).backlog(5, 50, 50);
    var b = FakeFlow.of("b", 1).backlog(5, 50, 50);
    policy.backlogChanged(a);
    policy.backlogChanged(b);

    assertThat(policy.victim()).isSameAs(a);
    policy.backlogChanged(b.backlog(4, 40, 40));
    policy.backlogChanged(a);
    policy.backlogChanged(a.backlog(6, 60, 60));

    assertThat(policy.victim()).isSameAs(a);
  }
}
