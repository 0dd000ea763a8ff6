package dev.sluice.flowcontrol.plugins.ordering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.conformance.IntraFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.time.Duration;
import org.junit.jupiter.api.Test;

final class ShortestFirstAgedTest extends IntraFlowDispatchPolicyConformance {
  private static final long MILLI = 1_000_000L;

  @Override
  protected IntraFlowDispatchPolicy newPolicy() {
    return new ShortestFirstAged(new ShortestFirstAged.Parameters(Duration.ofMillis(10)));
  }

  @Test
  void servesTheShorterOfThoseThatCameTogether() {
    assertThat(item(2, 0, 10).precedes(item(1, 0, 100))).isTrue();
  }

  /** 90 tokens more are 900 ms of arrival. */
  @Test
  void letsALongRequestGoBeforeThoseThatCameLaterThanItsKey() {
    assertThat(item(2, 899, 10).precedes(item(1, 0, 100))).isTrue();
    assertThat(item(2, 901, 10).precedes(item(1, 0, 100))).isFalse();
  }

  @Test
  void keepsAKeyThatCannotOverflow() {
    var policy = new ShortestFirstAged(new ShortestFirstAged.Parameters(Duration.ofHours(1)));

    assertThat(policy.orderingKey(item(1, 0, 1L << 40))).isPositive();
  }

  private FakeItem item(long sequence, long enqueuedMillis, long tokens) {
    var item =
        new FakeItem(
            FlowControlRequest.builder("r" + sequence, new FlowKey("f", 0)).build(),
            enqueuedMillis * MILLI,
            Long.MAX_VALUE,
            sequence,
            0,
            tokens * Cost.UNITS_PER_TOKEN);
    item.orderingKey(newPolicy().orderingKey(item));
    return item;
  }
}
