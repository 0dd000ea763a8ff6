package dev.sluice.flowcontrol.plugins.ordering;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FakeItem;
import dev.sluice.flowcontrol.conformance.IntraFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import org.junit.jupiter.api.Test;

final class FirstComeFirstServedTest extends IntraFlowDispatchPolicyConformance {

  @Override
  protected IntraFlowDispatchPolicy newPolicy() {
    return new FirstComeFirstServed();
  }

  @Test
  void servesTheEarlierOfferFirstWhateverTheDeadlines() {
    var earlier = FakeItem.expiring(1, 0, 900);
    var later = FakeItem.expiring(2, 1, 100);
    earlier.orderingKey(newPolicy().orderingKey(earlier));
    later.orderingKey(newPolicy().orderingKey(later));

    assertThat(earlier.precedes(later)).isTrue();
    assertThat(later.precedes(earlier)).isFalse();
    assertThat(earlier.precedes(earlier)).isFalse();
  }

  @Test
  void needsNothingOfTheQueue() {
    assertThat(newPolicy().requiredCapabilities()).isEmpty();
  }
}
