package dev.sluice.flowcontrol.plugins.displacement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.InterFlowDisplacementPolicyConformance;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class LargestBacklogTest extends InterFlowDisplacementPolicyConformance {

  @Override
  protected InterFlowDisplacementPolicy newPolicy() {
    return new LargestBacklog();
  }

  @Test
  void weighsTheBacklogByTheFlowsShare() {
    var policy = newPolicy();
    var light = FakeFlow.of("light", 1).backlog(1, 10, 100);
    var heavy = FakeFlow.of("heavy", 4).backlog(9, 90, 300);

    policy.backlogChanged(light);
    policy.backlogChanged(heavy);

    assertThat(policy.victim()).isSameAs(light);
  }

  @Test
  void namesTheOneThatHasWaitedForLongestOfEqualBacklogsWhateverItIsCalled() {
    var policy = newPolicy();
    var b = FakeFlow.of("b", 1).backlog(1, 10, 100);
    var a = FakeFlow.of("a", 1).backlog(1, 10, 100);

    policy.backlogChanged(b);
    policy.backlogChanged(a);
    assertThat(policy.victim()).isSameAs(b);

    policy.backlogChanged(b.backlog(0, 0, 0));
    policy.backlogChanged(b.backlog(1, 10, 100));
    assertThat(policy.victim()).isSameAs(a);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithAScanOfAllFlows(long seed) {
    var random = new Random(seed);
    var policy = newPolicy();
    var flows = new ArrayList<FakeFlow>();
    for (var i = 0; i < 40; i++) {
      flows.add(FakeFlow.of("f" + i, 1 + random.nextInt(4)));
    }

    var waiting = new ArrayList<FakeFlow>();
    for (var step = 0; step < 20_000; step++) {
      var flow = flows.get(random.nextInt(flows.size()));
      var requests = random.nextInt(4);
      if (requests == 0) {
        waiting.remove(flow);
      } else if (!waiting.contains(flow)) {
        waiting.add(flow);
      }
      policy.backlogChanged(
          flow.backlog(requests, requests, requests == 0 ? 0 : 1 + random.nextInt(200)));

      var expected =
          waiting.stream()
              .min(
                  Comparator.comparingDouble(
                      candidate -> -candidate.queuedCost() / candidate.weight()));
      assertThat(policy.victim())
          .as("step %d, seed %d", step, seed)
          .isSameAs(expected.orElse(null));
    }
  }
}
