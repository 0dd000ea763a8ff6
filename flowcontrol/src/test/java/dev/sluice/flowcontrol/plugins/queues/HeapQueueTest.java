package dev.sluice.flowcontrol.plugins.queues;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.conformance.SafeQueueConformance;
import dev.sluice.flowcontrol.framework.SafeQueue;
import org.junit.jupiter.api.Test;

final class HeapQueueTest extends SafeQueueConformance {

  @Override
  protected SafeQueue newQueue() {
    return new HeapQueue();
  }

  @Test
  void servesEqualKeysInTheOrderOfArrivalEvenIfAddedInAnother() {
    var queue = new HeapQueue();
    queue.add(FakeItem.of(3, 7));
    queue.add(FakeItem.of(1, 7));
    queue.add(FakeItem.of(2, 7));

    assertThat(queue.head()).extracting(item -> item.sequence()).isEqualTo(1L);
    assertThat(queue.tail()).extracting(item -> item.sequence()).isEqualTo(3L);
  }

  @Test
  void refusesAnItemThatIsInAQueue() {
    var item = FakeItem.of(1, 1);
    new ListQueue().add(item);
    var queue = new HeapQueue();

    assertThatThrownBy(() -> queue.add(item)).isInstanceOf(IllegalStateException.class);
    assertThat(queue.size()).isZero();
  }
}
