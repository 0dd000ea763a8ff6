package dev.sluice.flowcontrol.plugins.fairness;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FairnessDriver;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.conformance.InterFlowDispatchPolicyConformance;
import dev.sluice.flowcontrol.conformance.RandomBand;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Eligibility;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The rules of start-tag fair queueing. This mutant is meant to fail here: a rebase leaves the
 * flows alone that a reopening has lifted, so they wait until the tags of the other flows have
 * grown as large again.
 */
final class VirtualTokenTest extends InterFlowDispatchPolicyConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final EligibilityClass OF_M = new EligibilityClass(1, Eligibility.ofModel("m"));
  private static final List<EligibilityClass> OPEN = List.of(ANY);

  @Override
  protected InterFlowDispatchPolicy newPolicy() {
    return new VirtualToken();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void serviceOfBackloggedFlowsStaysWithinTheStartTagBound(long seed) {
    var random = new Random(seed);
    var driver = new FairnessDriver(newPolicy());
    var flows = new ArrayList<FakeFlow>();
    var costs = new HashMap<FakeFlow, Integer>();
    for (var i = 0; i < 2 + random.nextInt(4); i++) {
      var flow = FakeFlow.of("f" + i, 1 + random.nextInt(5));
      flows.add(flow);
      costs.put(flow, 1_024 * (1 + random.nextInt(i % 2 == 0 ? 100 : 5_000)));
      driver.offer(flow, ANY, 1 + random.nextInt(costs.get(flow)));
    }
    var service = new HashMap<String, Double>();
    var widest = new HashMap<List<String>, double[]>();

    for (var step = 0; step < 3_000; step++) {
      for (var flow : flows) {
        driver.offer(flow, ANY, 1 + random.nextInt(costs.getOrDefault(flow, 1)));
      }
      var item = driver.serveOne(OPEN);
      var served = flows.stream().filter(f -> f.key().equals(item.request().flow())).findFirst();
      service.merge(
          served.orElseThrow().key().id(),
          item.estimatedCost() / served.orElseThrow().weight(),
          Double::sum);
      for (var f : flows) {
        for (var g : flows) {
          var gap =
              service.getOrDefault(f.key().id(), 0.0) - service.getOrDefault(g.key().id(), 0.0);
          var range =
              widest.computeIfAbsent(List.of(f.key().id(), g.key().id()), pair -> new double[2]);
          range[0] = Math.min(range[0], gap);
          range[1] = Math.max(range[1], gap);
          var bound = costs.getOrDefault(f, 0) / f.weight() + costs.getOrDefault(g, 0) / g.weight();
          assertThat(range[1] - range[0])
              .as("%s against %s at step %d, seed %d", f, g, step, seed)
              .isLessThanOrEqualTo(bound + step / 16.0);
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void aNewFlowWaitsForAtMostOneDispatchOfEachOther(long seed) {
    var random = new Random(seed);
    var driver = new FairnessDriver(newPolicy());
    var flows = new ArrayList<FakeFlow>();
    for (var i = 0; i < 10; i++) {
      flows.add(FakeFlow.of("f" + i, 1 + random.nextInt(3)));
    }

    for (var round = 0; round < 200; round++) {
      for (var i = 0; i < random.nextInt(30); i++) {
        fill(driver, flows, random);
        driver.serve(OPEN);
      }
      fill(driver, flows, random);
      driver.offer(FakeFlow.of("new" + round, 1), ANY, 1 + random.nextInt(1_000));

      var servedBefore = new ArrayList<String>();
      while (true) {
        fill(driver, flows, random);
        var item = driver.serveOne(OPEN);
        if (item.request().flow().id().equals("new" + round)) {
          break;
        }
        servedBefore.add(item.request().flow().id());
      }

      assertThat(servedBefore).as("seed %d", seed).doesNotHaveDuplicates();
    }
  }

  @Test
  void timeWithoutRequestsIsNoCredit() {
    var driver = new FairnessDriver(newPolicy());
    var steady = FakeFlow.of("steady", 1);
    var returning = FakeFlow.of("returning", 1);
    serveAlone(driver, steady, 1_000, 10);

    for (var i = 0; i < 100; i++) {
      driver.offer(steady, ANY, 10);
      driver.offer(returning, ANY, 10);
    }

    assertThat(serve(driver, 100)).filteredOn("returning"::equals).hasSizeBetween(49, 51);
  }

  @Test
  void aFlowThatUsedAnIdlePoolOwesItsLastRequestOnly() {
    var driver = new FairnessDriver(newPolicy());
    var busy = FakeFlow.of("busy", 1);
    var other = FakeFlow.of("other", 1);
    serveAlone(driver, busy, 1_000, 10);

    for (var i = 0; i < 10; i++) {
      driver.offer(other, ANY, 10);
      driver.offer(busy, ANY, 10);
    }

    assertThat(serve(driver, 3)).containsExactlyInAnyOrder("other", "other", "busy");
  }

  @Test
  void givesServiceInProportionToWeights() {
    var driver = new FairnessDriver(newPolicy());
    var heavy = FakeFlow.of("heavy", 3);
    var light = FakeFlow.of("light", 1);
    for (var i = 0; i < 400; i++) {
      driver.offer(heavy, ANY, 100);
      driver.offer(light, ANY, 100);
    }

    assertThat(serve(driver, 400)).filteredOn("heavy"::equals).hasSizeBetween(299, 301);
  }

  @Test
  void countsTokensAndNotRequests() {
    var driver = new FairnessDriver(newPolicy());
    var big = FakeFlow.of("big", 1);
    var small = FakeFlow.of("small", 1);
    for (var i = 0; i < 200; i++) {
      driver.offer(big, ANY, 900);
      driver.offer(small, ANY, 100);
    }

    assertThat(serve(driver, 100)).filteredOn("small"::equals).hasSizeBetween(89, 91);
  }

  @Test
  void aFlowThatUsedMoreThanPredictedWaitsUntilItIsPaidBack() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var liar = FakeFlow.of("liar", 1);
    var honest = FakeFlow.of("honest", 1);
    for (var i = 0; i < 50; i++) {
      driver.offer(liar, ANY, 10);
      driver.offer(honest, ANY, 10);
    }
    serve(driver, 2);

    policy.corrected(liar, 100);

    assertThat(serve(driver, 10)).containsOnly("honest");
    assertThat(serve(driver, 4)).contains("liar");
  }

  @Test
  void aFlowThatUsedLessThanPredictedIsRefunded() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var modest = FakeFlow.of("modest", 1);
    var other = FakeFlow.of("other", 1);
    for (var i = 0; i < 50; i++) {
      driver.offer(modest, ANY, 100);
      driver.offer(other, ANY, 100);
    }
    serve(driver, 4);

    policy.corrected(modest, -90);
    policy.corrected(modest, -90);

    assertThat(serve(driver, 3)).containsExactly("modest", "modest", "other");
  }

  @Test
  void timeWithoutRoomForItsClassIsNoCredit() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var open = FakeFlow.of("open", 1);
    var shut = FakeFlow.of("shut", 1);
    for (var i = 0; i < 400; i++) {
      driver.offer(open, ANY, 10);
      driver.offer(shut, OF_M, 10);
    }
    for (var i = 0; i < 200; i++) {
      driver.serve(OPEN);
    }

    policy.reopened(OF_M);

    var served = new ArrayList<String>();
    for (var i = 0; i < 100; i++) {
      var item = driver.serveOne(List.of(ANY, OF_M));
      served.add(item.request().flow().id());
    }
    assertThat(served).filteredOn("shut"::equals).hasSizeBetween(49, 51);
  }

  /** Tags are rebased above 2^52, and a request can add at most 2^50. */
  @Test
  void flowsThatWereLiftedKeepTheirTurnWhenTagsAreRebased() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var open = FakeFlow.of("open", 1);
    var shut = FakeFlow.of("shut", 1);
    driver.offer(shut, OF_M, 10);
    driver.offer(shut, OF_M, 10);
    for (var i = 0; i < 7; i++) {
      driver.offer(open, ANY, 1L << 46);
    }
    for (var i = 0; i < 4; i++) {
      driver.serve(OPEN);
    }
    policy.reopened(OF_M);
    driver.serve(OPEN);
    driver.serve(OPEN);

    var served = driver.serveOne(List.of(ANY, OF_M));
    assertThat(served.request().flow().id()).isEqualTo("shut");
  }

  @Test
  void theClassesOfOneFlowTakeTurns() {
    var driver = new FairnessDriver(newPolicy());
    var flow = FakeFlow.of("a", 1);
    var classes = new ArrayList<EligibilityClass>();
    for (var i = 0; i < 10; i++) {
      driver.offer(flow, ANY, 10);
      driver.offer(flow, OF_M, 10);
    }

    for (var i = 0; i < 6; i++) {
      classes.add(Objects.requireNonNull(driver.best(List.of(ANY, OF_M))).eligibilityClass());
      driver.serveOne(List.of(ANY, OF_M));
    }

    assertThat(classes).containsExactly(ANY, OF_M, ANY, OF_M, ANY, OF_M);
  }

  @Test
  void serviceInOneClassCountsInTheOther() {
    var driver = new FairnessDriver(newPolicy());
    var both = FakeFlow.of("both", 1);
    var one = FakeFlow.of("one", 1);
    for (var i = 0; i < 100; i++) {
      driver.offer(both, ANY, 10);
      driver.offer(both, OF_M, 10);
      driver.offer(one, OF_M, 10);
    }

    var served = new ArrayList<String>();
    for (var i = 0; i < 100; i++) {
      var item = driver.serveOne(List.of(ANY, OF_M));
      served.add(item.request().flow().id());
    }

    assertThat(served).filteredOn("one"::equals).hasSizeBetween(49, 51);
  }

  @Test
  void forgetsAFlowOnceItOwesNothing() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var flow = FakeFlow.of("a", 1);
    var other = FakeFlow.of("b", 1);
    assertThat(policy.mayForget(flow)).isTrue();
    driver.offer(other, ANY, 10);
    driver.offer(other, ANY, 10);
    driver.offer(flow, ANY, 15);
    driver.serve(OPEN);
    driver.serve(OPEN);
    assertThat(policy.mayForget(flow)).as("it owes its request").isFalse();

    driver.offer(other, ANY, 10);
    driver.offer(other, ANY, 10);
    driver.serve(OPEN);
    driver.serve(OPEN);

    assertThat(policy.mayForget(flow)).isTrue();
  }

  @Test
  void letsOffWhatIsOwedWhenNothingIsActive() {
    var policy = newPolicy();
    var driver = new FairnessDriver(policy);
    var spender = FakeFlow.of("spender", 1);
    var other = FakeFlow.of("other", 1);
    driver.offer(other, ANY, 1);
    driver.offer(spender, ANY, 1_000);
    serve(driver, 2);

    policy.corrected(spender, 500);

    assertThat(policy.mayForget(spender)).isTrue();
    driver.offer(spender, ANY, 10);
    driver.offer(other, ANY, 10);
    assertThat(serve(driver, 2)).containsExactly("spender", "other");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithAScanOfAllFlows(long seed) {
    compareWithNaive(seed, 1);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithAScanOfAllFlowsWhenTagsAreRebased(long seed) {
    compareWithNaive(seed, 1L << 36);
  }

  private void compareWithNaive(long seed, long costUnit) {
    var randomOfFirst = new Random(seed);
    var randomOfSecond = new Random(seed);
    var real = new RandomBand(newPolicy(), costUnit);
    var naive = new RandomBand(new Naive(), costUnit);

    for (var step = 0; step < 20_000; step++) {
      real.step(randomOfFirst);
      naive.step(randomOfSecond);
      if (!real.choices().isEmpty()) {
        assertThat(real.choices().get(real.choices().size() - 1))
            .as("step %d, seed %d", step, seed)
            .isEqualTo(naive.choices().get(naive.choices().size() - 1));
      }
    }
    assertThat(real.choices()).as("seed %d", seed).isEqualTo(naive.choices());
  }

  private static void fill(FairnessDriver driver, List<FakeFlow> flows, Random random) {
    for (var flow : flows) {
      while (driver.queue(flow, ANY).size() < 2) {
        driver.offer(flow, ANY, 1 + random.nextInt(1_000));
      }
    }
  }

  private static void serveAlone(FairnessDriver driver, FakeFlow flow, int requests, long cost) {
    for (var i = 0; i < requests; i++) {
      driver.offer(flow, ANY, cost);
      driver.serve(OPEN);
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

  /** The formulas with tags of any size, by a scan of all flows. */
  private static final class Naive implements InterFlowDispatchPolicy {
    private final Set<FlowQueueView> active = new LinkedHashSet<>();
    private final Map<FlowView, BigInteger> tags = new HashMap<>();
    private final Map<FlowView, Integer> sequences = new HashMap<>();
    private final Map<FlowQueueView, Integer> turns = new HashMap<>();
    private BigInteger virtualTime = BigInteger.ZERO;
    private BigInteger largest = BigInteger.ZERO;
    private int lastSequence;

    @Override
    public void activated(FlowQueueView queue) {
      var known = new HashSet<FlowView>();
      active.forEach(other -> known.add(other.flow()));
      turns.put(queue, ++lastSequence);
      if (!known.contains(queue.flow())) {
        sequences.put(queue.flow(), lastSequence);
      }
      active.add(queue);
      tags.put(queue.flow(), tag(queue.flow()).max(virtualTime));
    }

    @Override
    public void deactivated(FlowQueueView queue) {
      active.remove(queue);
      endBusyPeriod();
    }

    @Override
    public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
      FlowQueueView best = null;
      for (var queue : active) {
        if (queue.eligibilityClass() == needs
            && (best == null || precedes(queue, best, nowNanos))) {
          best = queue;
        }
      }
      return best;
    }

    @Override
    public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
      if (a.flow() == b.flow()) {
        return turns.getOrDefault(a, 0) < turns.getOrDefault(b, 0);
      }
      var difference = tag(a.flow()).compareTo(tag(b.flow()));
      return difference != 0
          ? difference < 0
          : sequences.getOrDefault(a.flow(), 0) < sequences.getOrDefault(b.flow(), 0);
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {
      virtualTime = virtualTime.max(tag(queue.flow()));
      sequences.put(queue.flow(), ++lastSequence);
      turns.put(queue, lastSequence);
      corrected(queue.flow(), cost);
    }

    @Override
    public void corrected(FlowView flow, long costDelta) {
      var charge = BigInteger.valueOf(VirtualToken.charge(costDelta, flow.weight()));
      tags.put(flow, tag(flow).add(charge));
      largest = largest.max(tag(flow));
      endBusyPeriod();
    }

    private void endBusyPeriod() {
      if (active.isEmpty()) {
        virtualTime = largest;
      }
    }

    @Override
    public void reopened(EligibilityClass needs) {
      for (var queue : active) {
        if (queue.eligibilityClass() == needs) {
          tags.put(queue.flow(), tag(queue.flow()).max(virtualTime));
        }
      }
    }

    @Override
    public boolean mayForget(FlowView flow) {
      return tag(flow).compareTo(virtualTime) <= 0;
    }

    private BigInteger tag(FlowView flow) {
      return tags.computeIfAbsent(flow, seenFirst -> virtualTime);
    }
  }
}
