package dev.sluice.flowcontrol.plugins.fairness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FairnessDriver;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.FakeFlowQueue;
import dev.sluice.flowcontrol.conformance.InterFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.conformance.RandomBand;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class BestHeadTest extends InterFlowDispatchPolicyConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);

  @Override
  protected InterFlowDispatchPolicy newPolicy() {
    return new BestHead();
  }

  @Test
  void servesTheOlderOfTwoHeads() {
    var driver = new FairnessDriver(newPolicy());
    var older = FakeFlow.of("older", 1);
    driver.offer(older, ANY, 1);
    driver.offer(FakeFlow.of("newer", 1), ANY, 1);

    assertThat(driver.best(List.of(ANY))).isSameAs(driver.queue(older, ANY));
  }

  @Test
  void servesTheSmallerKeyThoughItCameLater() {
    var driver = new FairnessDriver(newPolicy());
    var urgent = FakeFlow.of("urgent", 1);
    driver.offer(FakeFlow.of("patient", 1), ANY, 1, 100);
    driver.offer(urgent, ANY, 1, 10);

    assertThat(driver.best(List.of(ANY))).isSameAs(driver.queue(urgent, ANY));
  }

  @Test
  void followsAHeadThatLeft() {
    var driver = new FairnessDriver(newPolicy());
    var a = FakeFlow.of("a", 1);
    var b = FakeFlow.of("b", 1);
    var first = driver.offer(a, ANY, 1, 1);
    driver.offer(b, ANY, 1, 5);
    driver.offer(a, ANY, 1, 9);

    driver.cancel(driver.queue(a, ANY), first);

    assertThat(driver.best(List.of(ANY))).isSameAs(driver.queue(b, ANY));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void namesTheBestHeadOfAllActiveQueues(long seed) {
    var random = new Random(seed);
    var run = new RandomBand(newPolicy());

    for (var step = 0; step < 20_000; step++) {
      run.step(random);
      for (var needs : RandomBand.CLASSES) {
        assertThat(run.policy().next(needs, 0))
            .as("step %d, seed %d", step, seed)
            .isSameAs(
                run.driver().active().stream()
                    .filter(queue -> queue.eligibilityClass() == needs)
                    .reduce((a, b) -> precedes(b, a) ? b : a)
                    .orElse(null));
      }
    }
  }

  private static boolean precedes(FakeFlowQueue a, FakeFlowQueue b) {
    var headOfA = a.head();
    var headOfB = b.head();
    return headOfA != null && headOfB != null && headOfA.precedes(headOfB);
  }
}
