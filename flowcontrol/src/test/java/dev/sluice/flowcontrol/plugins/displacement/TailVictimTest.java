package dev.sluice.flowcontrol.plugins.displacement;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.conformance.IntraFlowDisplacementPolicyConformance;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.plugins.queues.HeapQueue;
import org.junit.jupiter.api.Test;

final class TailVictimTest extends IntraFlowDisplacementPolicyConformance {

  @Override
  protected IntraFlowDisplacementPolicy newPolicy() {
    return new TailVictim();
  }

  @Test
  void namesTheRequestThatWouldBeServedLast() {
    var queue = new HeapQueue();
    var last = FakeItem.of(1, 90);
    queue.add(last);
    queue.add(FakeItem.of(2, 10));
    queue.add(FakeItem.of(3, 50));

    assertThat(newPolicy().victim(queue)).isSameAs(last);
  }

  @Test
  void namesTheYoungestOfEqualKeys() {
    var queue = new HeapQueue();
    queue.add(FakeItem.of(1, 5));
    var youngest = FakeItem.of(3, 5);
    queue.add(youngest);
    queue.add(FakeItem.of(2, 5));

    assertThat(newPolicy().victim(queue)).isSameAs(youngest);
  }
}
