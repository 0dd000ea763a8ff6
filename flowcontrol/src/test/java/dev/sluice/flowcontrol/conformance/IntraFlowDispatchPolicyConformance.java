package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link IntraFlowDispatchPolicy}. */
public abstract class IntraFlowDispatchPolicyConformance {

  /** A policy of the type under test. */
  protected abstract IntraFlowDispatchPolicy newPolicy();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void givesAnItemTheSameKeyHoweverOftenItIsAsked(long seed) {
    var random = new Random(seed);
    var policy = newPolicy();

    for (var i = 0; i < 1_000; i++) {
      var item = FakeItem.expiring(i, random.nextLong(1 << 20), random.nextLong(1 << 20));
      var key = policy.orderingKey(item);

      policy.orderingKey(FakeItem.expiring(i + 1, 0, random.nextLong(1 << 20)));

      assertThat(policy.orderingKey(item)).as("seed %d", seed).isEqualTo(key);
    }
  }

  @Test
  void givesAnItemWithoutDeadlineAKey() {
    var policy = newPolicy();
    var item = FakeItem.of(1, 0);

    assertThat(policy.orderingKey(item)).isEqualTo(policy.orderingKey(item));
  }

  @Test
  void alwaysAsksTheSameOfTheQueue() {
    var policy = newPolicy();
    var before = List.copyOf(policy.requiredCapabilities());

    policy.orderingKey(FakeItem.of(1, 0));

    assertThat(policy.requiredCapabilities()).containsExactlyInAnyOrderElementsOf(before);
    assertThat(newPolicy().requiredCapabilities()).containsExactlyInAnyOrderElementsOf(before);
  }

  @Test
  void neverGivesUpAnItemThatHasNoDeadline() {
    assertThat(newPolicy().isHopeless(FakeItem.of(1, 0), 1L << 50)).isFalse();
  }
}
