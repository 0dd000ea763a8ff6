package dev.sluice.flowcontrol.guard;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.plugins.fairness.RoundRobin;
import dev.sluice.flowcontrol.plugins.queues.ListQueue;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Wrong answers that a guard detects without the registry. */
final class GuardAnswersTest {
  private final List<String> faults = new ArrayList<>();
  private final Border border =
      new Border("plugin", (plugin, cause) -> faults.add(plugin + " " + cause.getMessage()));

  @Test
  void aFairnessPolicyThatNamesNoQueueIsAtFault() {
    var guard = new GuardedFairness(new RoundRobin(), border);

    var next = guard.next(new EligibilityClass(0, Eligibility.ANY), 0);

    assertThat(next).isNull();
    assertThat(faults).singleElement().asString().startsWith("plugin next: named no queue");
  }

  @Test
  void aDisplacementPolicyThatNamesNoFlowIsAtFault() {
    var guard = new GuardedFlowDisplacement(new Merciful(), border);

    var victim = guard.victim();

    assertThat(victim).isNull();
    assertThat(faults).singleElement().asString().startsWith("plugin victim: named no flow");
  }

  @Test
  void aQueueThatDoesNotFindItsItemIsAtFault() {
    var guard = new GuardedQueue(new ListQueue(), border);

    var found = guard.remove(FakeItem.of(1, 0));

    assertThat(found).isFalse();
    assertThat(faults).containsExactly("plugin remove: did not find request \"r1\"");
  }

  @Test
  void aQueueThatGivesItsItemBackIsNotAtFault() {
    var guard = new GuardedQueue(new ListQueue(), border);
    var item = FakeItem.of(1, 0);

    var added = guard.offer(item);
    var found = guard.remove(item);

    assertThat(added).isTrue();
    assertThat(found).isTrue();
    assertThat(faults).isEmpty();
  }

  private static final class Merciful implements InterFlowDisplacementPolicy {
    @Override
    public void backlogChanged(FlowView flow) {}

    @Override
    public @Nullable FlowView victim() {
      return null;
    }
  }
}
