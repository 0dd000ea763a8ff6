package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link InterFlowDispatchPolicy}. */
public abstract class InterFlowDispatchPolicyConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);

  /** A policy of the type under test, for one band. */
  protected abstract InterFlowDispatchPolicy newPolicy();

  @Test
  void namesNoQueueOfAClassThatItWasNeverToldOf() {
    assertThat(newPolicy().next(new EligibilityClass(7, Eligibility.ofModel("m")), 0)).isNull();
  }

  @Test
  void namesNoQueueOnceAllAreServed() {
    var driver = new FairnessDriver(newPolicy());
    driver.offer(FakeFlow.of("a", 1), ANY, 10);
    driver.offer(FakeFlow.of("b", 1), ANY, 10);

    assertThat(driver.serve(List.of(ANY))).isNotNull();
    assertThat(driver.serve(List.of(ANY))).isNotNull();

    assertThat(driver.serve(List.of(ANY))).isNull();
  }

  @Test
  void namesTheOnlyActiveQueueAgainAndAgain() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var flow = FakeFlow.of("a", 1);
    driver.offer(flow, ANY, 10);

    assertThat(policy.next(ANY, 0)).isSameAs(driver.queue(flow, ANY));
    assertThat(policy.next(ANY, 0)).isSameAs(driver.queue(flow, ANY));
  }

  @Test
  void namesNoFlowThatMayNotRun() {
    var driver = new FairnessDriver(newPolicy());
    var a = FakeFlow.of("a", 1);
    var b = FakeFlow.of("b", 1);
    driver.offer(a, ANY, 10);
    driver.offer(b, ANY, 10);

    driver.block(a);
    assertThat(driver.best(List.of(ANY))).isSameAs(driver.queue(b, ANY));
    driver.block(b);
    assertThat(driver.best(List.of(ANY))).isNull();
    driver.unblock(a);
    assertThat(driver.best(List.of(ANY))).isSameAs(driver.queue(a, ANY));
  }

  @Test
  void keepsClassesApart() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var other = new EligibilityClass(1, Eligibility.ofModel("m"));
    var flow = FakeFlow.of("a", 1);
    driver.offer(flow, ANY, 10);
    driver.offer(flow, other, 10);

    assertThat(policy.next(ANY, 0)).isSameAs(driver.queue(flow, ANY));
    assertThat(policy.next(other, 0)).isSameAs(driver.queue(flow, other));
    driver.serve(List.of(other));
    assertThat(policy.next(other, 0)).isNull();
    assertThat(policy.next(ANY, 0)).isSameAs(driver.queue(flow, ANY));
  }

  @Test
  void worksOnStateThatAnotherPolicyLeft() {
    var flow = FakeFlow.of("a", 1);
    var before = new FairnessDriver(newPolicy());
    before.offer(flow, ANY, 10);
    flow.dispatchState(flow.dispatchState() == null ? "foreign" : flow.dispatchState());
    var after = new FairnessDriver(newPolicy());
    after.queue(flow, ANY).dispatchState(before.queue(flow, ANY).dispatchState());

    after.offer(flow, ANY, 10);
    after.offer(flow, ANY, 10);

    assertThat(after.serve(List.of(ANY))).isNotNull();
    assertThat(after.serve(List.of(ANY))).isNotNull();
    assertThat(after.serve(List.of(ANY))).isNull();
  }

  @Test
  void takesACorrectionForAFlowThatHasNothingQueued() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var flow = FakeFlow.of("a", 1);
    driver.offer(flow, ANY, 10);
    driver.serve(List.of(ANY));

    policy.corrected(flow, 1_000);
    policy.corrected(flow, -1_000);
    policy.reopened(ANY);
    driver.offer(flow, ANY, 10);

    assertThat(driver.serve(List.of(ANY))).isNotNull();
  }

  @Test
  void servesAFlowThatComesBackAfterItWasForgotten() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var flow = FakeFlow.of("a", 1);
    driver.offer(flow, ANY, 10);
    driver.serve(List.of(ANY));
    policy.mayForget(flow);

    driver.offer(FakeFlow.of("a", 1), ANY, 10);

    assertThat(driver.serve(List.of(ANY))).isNotNull();
    assertThat(driver.serve(List.of(ANY))).isNull();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void namesAnActiveQueueOfTheClassIffThereIsOne(long seed) {
    var random = new Random(seed);
    var run = new RandomBand(newPolicy());

    for (var step = 0; step < 20_000; step++) {
      run.step(random);
      for (var needs : RandomBand.CLASSES) {
        var named = run.policy().next(needs, 0);
        assertThat(run.policy().next(needs, 0)).as("asked again, seed %d", seed).isSameAs(named);
        if (named == null) {
          assertThat(run.driver().active()).noneMatch(queue -> queue.eligibilityClass() == needs);
        } else {
          assertThat(run.driver().active()).contains((FakeFlowQueue) named);
          assertThat(named.eligibilityClass()).isSameAs(needs);
        }
      }
    }
    while (run.driver().serve(RandomBand.CLASSES) != null) {
      assertThat(run.driver().active()).as("seed %d", seed).isNotNull();
    }
    assertThat(run.driver().active()).as("seed %d", seed).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void ordersTheBestOfTwoClasses(long seed) {
    var random = new Random(seed);
    var run = new RandomBand(newPolicy());

    for (var step = 0; step < 5_000; step++) {
      run.step(random);
      var a = run.policy().next(RandomBand.CLASSES.get(0), 0);
      var b = run.policy().next(RandomBand.CLASSES.get(1), 0);
      if (a != null && b != null) {
        assertThat(run.policy().precedes(a, b, 0) && run.policy().precedes(b, a, 0))
            .as("both before the other at step %d, seed %d", step, seed)
            .isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void choosesTheSameForTheSameHistory(long seed) {
    var first = new RandomBand(newPolicy());
    var second = new RandomBand(newPolicy());
    var randomOfFirst = new Random(seed);
    var randomOfSecond = new Random(seed);

    for (var step = 0; step < 5_000; step++) {
      first.step(randomOfFirst);
      second.step(randomOfSecond);
    }

    assertThat(first.choices()).as("seed %d", seed).isNotEmpty().isEqualTo(second.choices());
  }
}
