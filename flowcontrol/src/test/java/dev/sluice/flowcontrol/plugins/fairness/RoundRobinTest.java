package dev.sluice.flowcontrol.plugins.fairness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FairnessDriver;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.InterFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.conformance.RandomBand;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RoundRobinTest extends InterFlowDispatchPolicyConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final List<EligibilityClass> OPEN = List.of(ANY);

  @Override
  protected InterFlowDispatchPolicy newPolicy() {
    return new RoundRobin();
  }

  @Test
  void visitsFlowsInTurnAndWraps() {
    var driver = new FairnessDriver(newPolicy());
    for (var id : List.of("flow1", "flow2", "flow3")) {
      fill(driver, FakeFlow.of(id, 1), 3);
    }

    assertThat(serve(driver, 5)).containsExactly("flow1", "flow2", "flow3", "flow1", "flow2");
  }

  @Test
  void skipsAFlowThatRanEmptyWithoutLosingItsPlace() {
    var driver = new FairnessDriver(newPolicy());
    fill(driver, FakeFlow.of("flow1", 1), 3);
    fill(driver, FakeFlow.of("flow2", 1), 1);
    fill(driver, FakeFlow.of("flow3", 1), 3);

    assertThat(serve(driver, 6))
        .containsExactly("flow1", "flow2", "flow3", "flow1", "flow3", "flow1");
  }

  @Test
  void goesOnAfterTheFlowItServedLastIsGone() {
    var driver = new FairnessDriver(newPolicy());
    fill(driver, FakeFlow.of("flow1", 1), 3);
    var leaving = FakeFlow.of("flow2", 1);
    fill(driver, leaving, 2);
    fill(driver, FakeFlow.of("flow3", 1), 3);
    serve(driver, 2);

    var queue = driver.queue(leaving, ANY);
    driver.cancel(queue, Objects.requireNonNull(queue.head()));
    fill(driver, FakeFlow.of("flow0", 1), 1);

    assertThat(serve(driver, 4)).containsExactly("flow3", "flow1", "flow0", "flow3");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void countsOfTwoFlowsThatStayActiveDifferByAtMostOne(long seed) {
    var random = new Random(seed);
    var driver = new FairnessDriver(newPolicy());
    var staying = List.of(FakeFlow.of("x", 1), FakeFlow.of("y", 3));
    staying.forEach(flow -> fill(driver, flow, 2));
    Map<String, Integer> served = new HashMap<>();

    for (var step = 0; step < 10_000; step++) {
      fill(driver, FakeFlow.of("passing" + random.nextInt(5), 1), random.nextInt(2));
      staying.forEach(flow -> fill(driver, flow, 1));
      served.merge(serve(driver, 1).get(0), 1, Integer::sum);

      assertThat(served.getOrDefault("x", 0) - served.getOrDefault("y", 0))
          .as("step %d, seed %d", step, seed)
          .isBetween(-1, 1);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithAScanOfAllTurns(long seed) {
    var randomOfFirst = new Random(seed);
    var randomOfSecond = new Random(seed);
    var real = new RandomBand(newPolicy());
    var naive = new RandomBand(new Naive());

    for (var step = 0; step < 20_000; step++) {
      real.step(randomOfFirst);
      naive.step(randomOfSecond);
    }

    assertThat(real.choices()).as("seed %d", seed).isEqualTo(naive.choices());
  }

  private static void fill(FairnessDriver driver, FakeFlow flow, int requests) {
    for (var i = 0; i < requests; i++) {
      driver.offer(flow, ANY, 1);
    }
  }

  private static List<String> serve(FairnessDriver driver, int requests) {
    var served = new ArrayList<String>();
    for (var i = 0; i < requests; i++) {
      var item = driver.serveOne(OPEN);
      served.add(item.request().flow().id());
    }
    return served;
  }

  /** The flow that waits longest since it was served or became active, found by a scan. */
  private static final class Naive implements InterFlowDispatchPolicy {
    private final Map<FlowQueueView, Integer> waitingSince = new LinkedHashMap<>();
    private int clock;

    @Override
    public void activated(FlowQueueView queue) {
      waitingSince.put(queue, clock++);
    }

    @Override
    public void deactivated(FlowQueueView queue) {
      waitingSince.remove(queue);
    }

    @Override
    public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
      FlowQueueView best = null;
      for (var queue : waitingSince.keySet()) {
        if (queue.eligibilityClass() == needs
            && (best == null || precedes(queue, best, nowNanos))) {
          best = queue;
        }
      }
      return best;
    }

    @Override
    public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
      return waitingSince.getOrDefault(a, 0) < waitingSince.getOrDefault(b, 0);
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {
      waitingSince.entrySet().stream()
          .filter(entry -> entry.getKey().flow() == queue.flow())
          .sorted(Map.Entry.comparingByValue())
          .forEach(entry -> entry.setValue(clock++));
      waitingSince.computeIfPresent(queue, (served, since) -> clock++);
    }
  }
}
