package dev.sluice.flowcontrol.theory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.FairnessDriver;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.plugins.fairness.VirtualToken;
import dev.sluice.flowcontrol.theory.StartTagTwin.Without;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Supplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/**
 * No flow starves (G2), no flow banks credit (G3), and a flow that used an idle pool owes little
 * for it (G4).
 */
final class CreditTest {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final List<EligibilityClass> OPEN = List.of(ANY);
  private static final int SEEDS = 100;

  private static List<FakeFlow> flows(Random random, int most, boolean weighted) {
    var flows = new ArrayList<FakeFlow>();
    for (var i = 0; i < 2 + random.nextInt(most - 1); i++) {
      flows.add(FakeFlow.of("f" + i, weighted ? 1 << random.nextInt(3) : 1));
    }
    return flows;
  }

  private static int waiting(List<FakeFlow> flows) {
    return (int) flows.stream().filter(flow -> flow.queuedRequests() > 0).count();
  }

  /**
   * With exact costs a flow that owes nothing is served after at most one dispatch of each other
   * flow that waits when it comes.
   */
  @Nested
  final class Starvation {

    @Test
    void aFlowWithoutDebtWaitsForOneDispatchOfEachOtherAtMost() {
      var longest = 0.0;
      for (var seed = 0; seed < SEEDS; seed++) {
        longest = Math.max(longest, run(seed));
      }
      assertThat(longest).as("the bound is nearly reached").isBetween(0.7, 1.0);
    }

    /** The longest wait of a flow, in dispatches of other flows, as a part of its bound. */
    private double run(long seed) {
      var random = new Random(seed);
      var policy = new VirtualToken();
      var driver = new FairnessDriver(policy);
      var flows = flows(random, 12, true);
      var others = new HashMap<String, Integer>();
      var most = new HashMap<String, Integer>();
      var longest = 0.0;
      for (var step = 0; step < 2_000; step++) {
        for (var flow : flows) {
          if (random.nextInt(4) == 0) {
            if (flow.queuedRequests() == 0 && policy.mayForget(flow)) {
              others.put(flow.key().id(), 0);
              most.put(flow.key().id(), waiting(flows));
            }
            for (var i = 0; i <= random.nextInt(4); i++) {
              driver.offer(flow, ANY, 1 + random.nextInt(10_000));
            }
          }
        }
        for (var i = 0; i < 1 + random.nextInt(3); i++) {
          var served = driver.serve(OPEN);
          if (served != null) {
            others.remove(served.request().flow().id());
            others.replaceAll((id, count) -> count + 1);
          }
        }
        for (var waited : others.entrySet()) {
          var bound = most.getOrDefault(waited.getKey(), 0);
          assertThat(waited.getValue())
              .as("%s at %d, seed %d", waited.getKey(), step, seed)
              .isLessThanOrEqualTo(bound);
          if (bound > 3) {
            longest = Math.max(longest, (double) waited.getValue() / bound);
          }
        }
      }
      return longest;
    }

    @Test
    void aStreamOfNewFlowsStarvesNobody() {
      assertThat(dispatchesBeforeTheOldFlow(VirtualToken::new)).isEqualTo(5);
    }

    @Test
    void aStreamOfNewFlowsWouldStarveItIfTiesWentByName() {
      assertThat(dispatchesBeforeTheOldFlow(() -> new StartTagTwin(Without.NOTHING))).isEqualTo(5);
      assertThat(dispatchesBeforeTheOldFlow(() -> new StartTagTwin(Without.TIES_BY_SEQUENCE)))
          .isEqualTo(1_000);
    }

    /** Five flows wait before it; after it comes a new one for each dispatch. */
    private int dispatchesBeforeTheOldFlow(Supplier<InterFlowDispatchPolicy> policies) {
      var driver = new FairnessDriver(policies.get());
      for (var i = 0; i < 5; i++) {
        driver.offer(FakeFlow.of("b" + i, 1), ANY, 10);
      }
      driver.offer(FakeFlow.of("c", 1), ANY, 10);
      for (var dispatches = 0; dispatches < 1_000; dispatches++) {
        driver.offer(FakeFlow.of("a" + dispatches, 1), ANY, 10);
        if (driver.serveOne(OPEN).request().flow().id().equals("c")) {
          return dispatches;
        }
      }
      return 1_000;
    }
  }

  /**
   * If all requests cost the same, a flow that comes back is not served twice before each flow that
   * waits all the time was served once.
   */
  @Nested
  final class Banking {

    @Test
    void idleTimeIsNoCredit() {
      for (var seed = 0; seed < SEEDS; seed++) {
        assertThat(servedTwiceTooSoon(new VirtualToken(), seed)).as("seed %d", seed).isZero();
      }
    }

    @Test
    void idleTimeWouldBeCreditWithoutTheLift() {
      assertThat(servedTwiceTooSoon(new StartTagTwin(Without.NOTHING), 1)).isZero();
      assertThat(servedTwiceTooSoon(new StartTagTwin(Without.LIFT), 1)).isGreaterThan(10);
    }

    private int servedTwiceTooSoon(InterFlowDispatchPolicy policy, long seed) {
      var random = new Random(seed);
      var driver = new FairnessDriver(policy);
      var flows = flows(random, 8, false);
      var turnsOfReturned = new HashMap<FakeFlow, Integer>();
      var stillToServe = new HashMap<FakeFlow, Set<FakeFlow>>();
      var tooSoon = 0;
      for (var step = 0; step < 3_000; step++) {
        for (var flow : flows) {
          if (random.nextInt(20) == 0) {
            if (flow.queuedRequests() == 0) {
              turnsOfReturned.put(flow, 0);
              stillToServe.put(flow, waitingBeside(flow, flows));
            }
            for (var i = 0; i < 1 + random.nextInt(20); i++) {
              driver.offer(flow, ANY, 100);
            }
          }
        }
        var served = driver.serve(OPEN);
        if (served != null) {
          var flow = flows.get(Integer.parseInt(served.request().flow().id().substring(1)));
          stillToServe.values().forEach(others -> others.remove(flow));
          if (turnsOfReturned.merge(flow, 1, Integer::sum) == 2
              && !stillToServe.getOrDefault(flow, Set.of()).isEmpty()) {
            tooSoon++;
          }
        }
      }
      return tooSoon;
    }

    private static Set<FakeFlow> waitingBeside(FakeFlow flow, List<FakeFlow> flows) {
      var others = new HashSet<FakeFlow>();
      for (var other : flows) {
        if (other != flow && other.queuedRequests() > 0) {
          others.add(other);
        }
      }
      return others;
    }
  }

  /**
   * A flow that had the pool for itself owes at most the charge of its last request, and the cost
   * of its requests in flight beyond their charges.
   */
  @Nested
  final class Debt {

    @Test
    void aFlowOwesItsLastChargeAndItsCorrectionsAtMost() {
      for (var seed = 0; seed < 1_000; seed++) {
        assertThat(overcharged(new VirtualToken(), seed)).as("seed %d", seed).isFalse();
      }
    }

    @Test
    void aFlowWouldOweAllThatItUsedWithoutTheLift() {
      assertThat(overcharged(new StartTagTwin(Without.NOTHING), 1)).isFalse();
      assertThat(overcharged(new StartTagTwin(Without.LIFT), 1)).isTrue();
    }

    /** Whether other flows get more service than the flow owes before it is served again. */
    private boolean overcharged(InterFlowDispatchPolicy policy, long seed) {
      var random = new Random(seed);
      var driver = new FairnessDriver(policy);
      var spender = FakeFlow.of("spender", 1 << random.nextInt(3));
      var other = FakeFlow.of("other", 1 << random.nextInt(3));
      driver.offer(other, ANY, 1);
      driver.serveOne(OPEN);

      var corrections = new ArrayDeque<Long>();
      var lastCharge = 0L;
      var fromQueue = random.nextBoolean();
      for (var i = 0; i < 20 + random.nextInt(50); i++) {
        if (corrections.size() > 4) {
          policy.corrected(spender, corrections.removeFirst());
        }
        lastCharge = 1_000L + random.nextInt(100_000);
        if (fromQueue) {
          driver.offer(spender, ANY, lastCharge);
        } else {
          driver.pass(spender, ANY, lastCharge);
        }
        if (fromQueue && i > 0) {
          lastCharge = driver.serveOne(OPEN).estimatedCost();
        }
        corrections.add((long) ((random.nextDouble() - 0.5) * lastCharge));
      }

      for (var i = 0; i < 2_000; i++) {
        driver.offer(other, ANY, 1_000);
      }
      driver.offer(spender, ANY, 1_000);
      var late = 0L;
      for (var correction : corrections) {
        late += Math.max(0, correction);
        policy.corrected(spender, correction);
      }
      var owed = (lastCharge + late) / spender.weight() + 1_000 / other.weight() + 1;
      for (var others = 0.0; others <= owed; others += 1_000 / other.weight()) {
        if (driver.serveOne(OPEN).request().flow().id().equals("spender")) {
          return false;
        }
      }
      return true;
    }
  }
}
