package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link SafeQueue}. */
public abstract class SafeQueueConformance {

  /** An empty queue of the type under test. */
  protected abstract SafeQueue newQueue();

  @Test
  void isEmptyAtFirst() {
    var queue = newQueue();

    assertThat(queue.size()).isZero();
    assertThat(queue.head()).isNull();
    assertThat(queue.oldest()).isNull();
    if (isDoubleEnded(queue)) {
      assertThat(queue.tail()).isNull();
    }
  }

  @Test
  void alwaysSaysTheSameOfItsCapabilities() {
    var queue = newQueue();
    var before = List.copyOf(queue.capabilities());

    queue.add(FakeItem.of(1, 1));

    assertThat(queue.capabilities()).containsExactlyInAnyOrderElementsOf(before);
    assertThat(newQueue().capabilities()).containsExactlyInAnyOrderElementsOf(before);
  }

  @Test
  void servesInTheOrderThatItsCapabilitiesPromise() {
    var queue = newQueue();
    var items = List.of(item(1, 30), item(2, 10), item(3, 20), item(4, 10));

    items.forEach(queue::add);

    assertThat(drain(queue)).containsExactlyElementsOf(ordered(queue, items));
  }

  @Test
  void headAndTailAreTheSameItemWhenItIsAlone() {
    var queue = newQueue();
    var item = item(1, 5);

    queue.add(item);

    assertThat(queue.head()).isSameAs(item);
    assertThat(queue.size()).isEqualTo(1);
    if (isDoubleEnded(queue)) {
      assertThat(queue.tail()).isSameAs(item);
    }
  }

  @Test
  void lookingAtTheEndsTakesNothingOut() {
    var queue = newQueue();
    queue.add(item(1, 2));
    queue.add(item(2, 1));

    assertThat(queue.head()).isSameAs(queue.head());
    if (isDoubleEnded(queue)) {
      assertThat(queue.tail()).isSameAs(queue.tail());
    }
    assertThat(queue.size()).isEqualTo(2);
  }

  @Test
  void removingFromTheMiddleKeepsTheOrderOfTheRest() {
    var queue = newQueue();
    var items = List.of(item(1, 30), item(2, 10), item(3, 20), item(4, 40), item(5, 5));
    items.forEach(queue::add);

    assertThat(queue.remove(items.get(2))).isTrue();

    var rest = new ArrayList<>(items);
    rest.remove(items.get(2));
    assertThat(drain(queue)).containsExactlyElementsOf(ordered(queue, rest));
  }

  @Test
  void refusesToRemoveAnItemThatIsNowhere() {
    var queue = newQueue();
    queue.add(item(1, 1));

    assertThat(queue.remove(item(2, 1))).isFalse();
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void refusesToRemoveAnItemOfAnotherQueue() {
    var queue = newQueue();
    var other = newQueue();
    var mine = item(1, 1);
    var others = item(2, 2);
    queue.add(mine);
    other.add(others);

    assertThat(queue.remove(others)).isFalse();
    assertThat(drain(queue)).containsExactly(mine);
    assertThat(drain(other)).containsExactly(others);
  }

  @Test
  void refusesToRemoveAnItemTwice() {
    var queue = newQueue();
    var item = item(1, 1);
    queue.add(item);
    queue.add(item(2, 2));

    assertThat(queue.remove(item)).isTrue();
    assertThat(queue.remove(item)).isFalse();
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void takesAnItemBackThatWasRemovedHereOrElsewhere() {
    var queue = newQueue();
    var other = newQueue();
    var item = item(1, 1);
    queue.add(item);
    queue.remove(item);
    other.add(item);
    other.remove(item);

    queue.add(item);

    assertThat(queue.head()).isSameAs(item);
    assertThat(queue.size()).isEqualTo(1);
  }

  @Test
  void letsGoOfAnItemsLinksWhenItLeaves() {
    var queue = newQueue();
    var items = List.of(item(1, 1), item(2, 2), item(3, 3));
    items.forEach(queue::add);

    queue.remove(items.get(1));

    assertThat(items.get(1).previous()).isNull();
    assertThat(items.get(1).next()).isNull();
    assertThat(items.get(1).holder()).isNull();
    assertThat(items.get(1).position()).isEqualTo(-1);
    assertThat(items.get(1).tailPosition()).isEqualTo(-1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithASortedListAfterEveryOperation(long seed) {
    var random = new Random(seed);
    var queue = newQueue();
    var naive = new ArrayList<QueueItem>();

    for (var step = 1; step <= 20_000; step++) {
      var grows = step % 4_000 < 2_000;
      if (naive.isEmpty() || random.nextInt(10) < (grows ? 7 : 3)) {
        var item = item(step, random.nextInt(50));
        queue.add(item);
        naive.add(item);
        naive.sort((a, b) -> comesFirst(queue, a, b) ? -1 : comesFirst(queue, b, a) ? 1 : 0);
      } else {
        var index =
            switch (random.nextInt(3)) {
              case 0 -> 0;
              case 1 -> naive.size() - 1;
              default -> random.nextInt(naive.size());
            };
        assertThat(queue.remove(naive.remove(index))).isTrue();
      }
      assertThat(queue.size()).as("size at step %d, seed %d", step, seed).isEqualTo(naive.size());
      if (!naive.isEmpty()) {
        assertThat(queue.head()).as("step %d, seed %d", step, seed).isSameAs(naive.get(0));
        assertThat(queue.oldest())
            .as("step %d, seed %d", step, seed)
            .isSameAs(Collections.min(naive, Comparator.comparingLong(QueueItem::sequence)));
        if (isDoubleEnded(queue)) {
          assertThat(queue.tail())
              .as("step %d, seed %d", step, seed)
              .isSameAs(naive.get(naive.size() - 1));
        }
      }
    }
    assertThat(drain(queue)).containsExactlyElementsOf(naive);
  }

  private static QueueItem item(long sequence, long key) {
    return FakeItem.of(sequence, key);
  }

  private static boolean isDoubleEnded(SafeQueue queue) {
    return queue.capabilities().contains(QueueCapability.DOUBLE_ENDED);
  }

  private static boolean comesFirst(SafeQueue queue, QueueItem a, QueueItem b) {
    return queue.capabilities().contains(QueueCapability.PRIORITY_ORDER)
        ? a.precedes(b)
        : a.sequence() < b.sequence();
  }

  private static List<QueueItem> ordered(SafeQueue queue, List<QueueItem> items) {
    var sorted = new ArrayList<>(items);
    sorted.sort((a, b) -> comesFirst(queue, a, b) ? -1 : comesFirst(queue, b, a) ? 1 : 0);
    return sorted;
  }

  private static List<QueueItem> drain(SafeQueue queue) {
    var drained = new ArrayList<QueueItem>();
    for (var head = queue.head(); head != null; head = queue.head()) {
      drained.add(head);
      assertThat(queue.remove(head)).isTrue();
    }
    return drained;
  }
}
