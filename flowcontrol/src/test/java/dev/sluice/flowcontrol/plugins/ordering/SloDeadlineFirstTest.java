package dev.sluice.flowcontrol.plugins.ordering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.conformance.IntraFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** Upstream's row O3, with its numbers. */
final class SloDeadlineFirstTest extends IntraFlowDispatchPolicyConformance {
  private static final long MILLI = 1_000_000L;

  @Override
  protected IntraFlowDispatchPolicy newPolicy() {
    return new SloDeadlineFirst();
  }

  @Test
  void servesTheEarlierOfArrivalPlusTarget() {
    assertThat(item(1, 0, 50).precedes(item(2, 0, 100))).isTrue();
    assertThat(item(2, 20, 50).precedes(item(1, 0, 100))).isTrue();
    assertThat(item(2, 80, 50).precedes(item(1, 0, 100))).isFalse();
  }

  @Test
  void servesThoseWithoutTargetLast() {
    assertThat(item(2, 1_000, 3_600_000).precedes(item(1, 0, -1))).isTrue();
    assertThat(item(1, 0, -1).precedes(item(2, 0, -1))).isTrue();
  }

  private FakeItem item(long sequence, long arrivedMillis, long sloMillis) {
    var request =
        FlowControlRequest.builder("r" + sequence, new FlowKey("f", 0))
            .arrivedAtNanos(arrivedMillis * MILLI);
    if (sloMillis >= 0) {
      request.sloTarget(Duration.ofMillis(sloMillis));
    }
    var item = new FakeItem(request.build(), 5_000 * MILLI, Long.MAX_VALUE, sequence, 0, 1);
    item.orderingKey(newPolicy().orderingKey(item));
    return item;
  }
}
