package dev.sluice.flowcontrol.plugins.ordering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.conformance.IntraFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import org.junit.jupiter.api.Test;

/** Upstream's row O2, with its numbers; times are in seconds since some moment. */
final class EarliestDeadlineFirstTest extends IntraFlowDispatchPolicyConformance {
  private static final long SECOND = 1_000_000_000L;
  private static final long NEVER = Long.MAX_VALUE;

  @Override
  protected IntraFlowDispatchPolicy newPolicy() {
    return new EarliestDeadlineFirst();
  }

  @Test
  void servesTheEarlierDeadlineFirstThoughItWasOfferedLater() {
    var offeredFirst = item(1, 0, 10 * SECOND);
    var dueFirst = item(2, SECOND, 6 * SECOND);

    assertThat(dueFirst.precedes(offeredFirst)).isTrue();
    assertThat(offeredFirst.precedes(dueFirst)).isFalse();
  }

  @Test
  void servesThoseWithoutDeadlineLastInTheOrderOfArrival() {
    var endless = item(1, 0, NEVER);
    var endlessToo = item(2, SECOND, NEVER);
    var due = item(3, 2 * SECOND, 3_600 * SECOND);

    assertThat(due.precedes(endless)).isTrue();
    assertThat(endless.precedes(endlessToo)).isTrue();
    assertThat(endlessToo.precedes(endless)).isFalse();
  }

  @Test
  void servesEqualDeadlinesInTheOrderOfArrival() {
    var first = item(1, 0, 10 * SECOND);
    var second = item(2, 5 * SECOND, 10 * SECOND);

    assertThat(first.precedes(second)).isTrue();
    assertThat(second.precedes(first)).isFalse();
  }

  @Test
  void needsAQueueThatOrdersByKey() {
    assertThat(newPolicy().requiredCapabilities()).containsExactly(QueueCapability.PRIORITY_ORDER);
  }

  private FakeItem item(long sequence, long offered, long deadline) {
    var item = FakeItem.expiring(sequence, offered, deadline);
    item.orderingKey(newPolicy().orderingKey(item));
    return item;
  }
}
