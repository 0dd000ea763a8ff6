package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link IntraFlowDisplacementPolicy}. */
public abstract class IntraFlowDisplacementPolicyConformance {

  /** A policy of the type under test. */
  protected abstract IntraFlowDisplacementPolicy newPolicy();

  /**
   * An empty queue of the first built-in type that has the capabilities that the policy requires.
   */
  protected SafeQueue newQueue() {
    var catalog = PluginCatalog.builtIn();
    for (var type : List.of("list", "heap")) {
      var queue = catalog.plugin(SafeQueue.class, type).create();
      if (queue.capabilities().containsAll(newPolicy().requiredCapabilities())) {
        return queue;
      }
    }
    return fail("no built-in queue has " + newPolicy().requiredCapabilities());
  }

  @Test
  void namesTheOnlyItemOrNone() {
    var queue = newQueue();
    var item = FakeItem.of(1, 1);
    queue.add(item);

    assertThat(newPolicy().victim(queue)).isIn(item, null);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void namesItemsOfTheQueueAndLeavesThemThere(long seed) {
    var random = new Random(seed);
    var policy = newPolicy();
    var queue = newQueue();
    for (var i = 0; i < 200; i++) {
      queue.add(FakeItem.of(i, random.nextInt(20)));
    }

    while (queue.size() > 0) {
      var size = queue.size();
      var victim = policy.victim(queue);

      assertThat(queue.size()).as("seed %d", seed).isEqualTo(size);
      if (victim == null) {
        break;
      }
      assertThat(policy.victim(queue)).as("asked again, seed %d", seed).isSameAs(victim);
      assertThat(queue.remove(victim)).as("seed %d", seed).isTrue();
    }
  }

  @Test
  void alwaysAsksTheSameOfTheQueue() {
    assertThat(newPolicy().requiredCapabilities())
        .containsExactlyInAnyOrderElementsOf(newPolicy().requiredCapabilities());
  }
}
