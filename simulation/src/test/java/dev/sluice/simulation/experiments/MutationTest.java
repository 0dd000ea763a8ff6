package dev.sluice.simulation.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.plugins.admission.DynamicThreshold;
import dev.sluice.flowcontrol.plugins.cost.WeightedTokens;
import dev.sluice.flowcontrol.plugins.fairness.VirtualToken;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The experiments detect faults: without one rule of the theory, the experiment that is about the
 * rule fails.
 */
final class MutationTest {
  private static final Plugin<QueueAdmissionPolicy> WITHOUT_EXCHANGE =
      Plugin.of("mutant", MutationTest::withoutExchange);

  /** The default policy, but a tenant below its share takes no place from another. */
  private static QueueAdmissionPolicy withoutExchange() {
    var policy = new DynamicThreshold(DynamicThreshold.Parameters.DEFAULT);
    return (flow, tenant, band, cost, bytes) -> policy.admits(flow, tenant, band, cost, bytes);
  }

  @Test
  void withoutTheLiftIdleTimeIsCredit() {
    fails("E3", startTag(Without.LIFT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"E1b", "E3", "E4b", "E15"})
  void theRewrittenPolicyPassesWhereNothingIsTakenAway(String id) {
    assertThat(experiment(id).passes(startTag(Without.NOTHING), 0)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"E1b", "E3"})
  void chargedAtTheEndOnlyTheGapIsWide(String id) {
    fails(id, startTag(Without.CHARGE_AT_DISPATCH));
  }

  @Test
  void wereTiesDecidedByNameNewcomersWouldStarveAFlow() {
    fails("E4b", startTag(Without.TIES_BY_SEQUENCE));
  }

  @Test
  void withoutClippingOneFullServerClosesThePool() {
    fails("E10", mean(false));
  }

  @Test
  void clippingAloneLetsTheRewrittenDetectorPass() {
    assertThat(experiment("E10").passes(mean(true), 0)).isTrue();
  }

  @Test
  void withBandsThatShareLowerOnesGoFirst() {
    fails("E6", changed(setup -> setup.bands("weighted")));
  }

  @Test
  void withoutReservesLowerBandsStarve() {
    fails("E7", changed(setup -> setup.bands("strict")));
  }

  @Test
  void withoutTheThresholdAHogFillsTheQueue() {
    fails("E8", changed(setup -> setup.admission("none")));
    fails("E26", changed(setup -> setup.admission("none")));
  }

  @Test
  void withoutTakingPlacesALoneHogLocksOthersOut() {
    fails("E26", changed(setup -> setup.admission(WITHOUT_EXCHANGE)));
  }

  @Test
  void withoutSheddingDeadlinesFallLikeDominoes() {
    fails("E11", changed(setup -> setup.ordering("slo-deadline", Map.of())));
  }

  @Test
  void withoutLearningWrongEstimatesMoveShares() {
    fails("E29", changed(setup -> setup.costs(Plugin.of("mutant", FirstEstimates::new))));
  }

  @Test
  void withoutTheEligibilityLiftBlockedTimeIsCredit() {
    fails("E15", startTag(Without.ELIGIBILITY_LIFT));
  }

  private static void fails(String id, Policy mutant) {
    assertThat(experiment(id).passes(Policy.SLUICE, 0)).as("%s itself", id).isTrue();
    assertThat(experiment(id).passes(mutant, 0)).as("%s with the mutant", id).isFalse();
  }

  private static Experiment experiment(String id) {
    return Sheet.find(id).orElseThrow();
  }

  private static Policy startTag(Without rule) {
    return changed(setup -> setup.fairness(Plugin.of("mutant", () -> new StartTag(rule))));
  }

  private static Policy mean(boolean clipped) {
    return changed(setup -> setup.detector(Plugin.of("mean", () -> () -> new Mean(clipped))));
  }

  private static Policy changed(UnaryOperator<Setup> change) {
    return new Policy("mutant", true, 0, change);
  }

  /** The rule that is left out. */
  private enum Without {
    NOTHING,
    LIFT,
    CHARGE_AT_DISPATCH,
    ELIGIBILITY_LIFT,
    TIES_BY_SEQUENCE
  }

  /** Start-tag fair queueing by scans, whole or with one rule left out. */
  private static final class StartTag implements InterFlowDispatchPolicy {
    private final Without without;
    private final Set<FlowQueueView> active = new LinkedHashSet<>();
    private final Map<FlowView, Double> tags = new HashMap<>();
    private double virtualTime;

    StartTag(Without without) {
      this.without = without;
    }

    @Override
    public void activated(FlowQueueView queue) {
      active.add(queue);
      if (without != Without.LIFT) {
        lift(queue.flow());
      }
    }

    private void lift(FlowView flow) {
      tags.merge(flow, virtualTime, Math::max);
    }

    @Override
    public void deactivated(FlowQueueView queue) {
      active.remove(queue);
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
      var difference = Double.compare(tag(a.flow()), tag(b.flow()));
      if (difference == 0 && without == Without.TIES_BY_SEQUENCE) {
        return a.flow().key().compareTo(b.flow().key()) < 0;
      }
      return difference < 0; // of equal flows the scan meets the one that became active first
    }

    private double tag(FlowView flow) {
      return tags.getOrDefault(flow, 0.0);
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {
      virtualTime = Math.max(virtualTime, tag(queue.flow()));
      if (without != Without.CHARGE_AT_DISPATCH) {
        charge(queue.flow(), cost);
      }
    }

    @Override
    public void corrected(FlowView flow, long costDelta) {
      if (without != Without.CHARGE_AT_DISPATCH) {
        charge(flow, costDelta);
      }
    }

    @Override
    public void completed(FlowView flow, long cost, long nowNanos) {
      if (without == Without.CHARGE_AT_DISPATCH) {
        charge(flow, cost);
      }
    }

    private void charge(FlowView flow, long cost) {
      tags.merge(flow, cost / flow.weight(), Double::sum);
    }

    @Override
    public void reopened(EligibilityClass needs) {
      if (without != Without.ELIGIBILITY_LIFT) {
        active.stream()
            .filter(queue -> queue.eligibilityClass() == needs)
            .forEach(queue -> lift(queue.flow()));
      }
    }
  }

  /** The default costs, but prompts are priced as their senders estimate them. */
  private static final class FirstEstimates implements CostModel {
    private final CostModel costs = new WeightedTokens(WeightedTokens.Parameters.DEFAULT);

    @Override
    public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
      return costs.estimate(request, request.inputTokens(), outputTokens);
    }

    @Override
    public long actual(Usage usage) {
      return costs.actual(usage);
    }
  }

  /** The mean of the endpoints' fill levels, each of which may exceed 1 unless it is clipped. */
  private static final class Mean implements CapacityGate {
    private static final double SLOTS = 16;
    private final boolean clipped;
    private final Map<String, Integer> own = new HashMap<>();
    private PoolSnapshot pool = PoolSnapshot.EMPTY;

    Mean(boolean clipped) {
      this.clipped = clipped;
    }

    @Override
    public void poolChanged(PoolSnapshot snapshot, long nowNanos) {
      pool = snapshot;
    }

    @Override
    public void classAdded(EligibilityClass added) {}

    @Override
    public void classRetired(EligibilityClass retired) {}

    @Override
    public double saturation(EligibilityClass needs, long nowNanos) {
      var sum = 0.0;
      for (var endpoint : pool.endpoints()) {
        var queued = endpoint.waitingRequests();
        var load = queued > 0 ? 1 + queued / 5.0 : own.getOrDefault(endpoint.id(), 0) / SLOTS;
        sum += clipped ? Math.min(1, load) : load;
      }
      return pool.endpoints().isEmpty() ? 1.0 : sum / pool.endpoints().size();
    }

    @Override
    public void granted(RunningRequest request) {}

    @Override
    public void bound(RunningRequest request, String previousEndpointId) {
      own.merge(request.endpointId(), 1, Integer::sum);
    }

    @Override
    public void returned(RunningRequest request) {
      own.merge(request.endpointId(), -1, Integer::sum);
    }
  }

  /** The sheet measures the real detector. */
  @Test
  void sluicesPolicyIsVirtualToken() {
    assertThat(new Setup(1).build().band(0).fairness().create()).isInstanceOf(VirtualToken.class);
  }
}
