package dev.sluice.simulation.experiments;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.plugins.fairness.VirtualToken;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The experiments bite: with one rule of the theory taken away, the experiment that is about it
 * fails.
 */
final class MutationTest {

  @Test
  void withoutTheLiftIdleTimeIsCredit() {
    fails("E3", fairness(() -> new Plain(false, true, true)));
  }

  @Test
  void theRewrittenPolicyPassesWhereNothingIsTakenAway() {
    var complete = fairness(() -> new Plain(true, true, true));

    assertThat(experiment("E3").passes(complete, 0)).isTrue();
    assertThat(experiment("E1b").passes(complete, 0)).isTrue();
    assertThat(experiment("E15").passes(complete, 0)).isTrue();
  }

  @Test
  void chargedAtTheEndOnlyTheGapIsWide() {
    fails("E1b", fairness(() -> new Plain(true, false, true)));
    fails("E3", fairness(() -> new Plain(true, false, true)));
  }

  @Test
  void withoutClippingOneFullServerClosesThePool() {
    fails("E10", changed(setup -> setup.detector(Plugin.of("average", () -> Average::new))));
  }

  @Test
  void withoutTheThresholdAHogFillsTheQueue() {
    fails("E8", changed(setup -> setup.admission("none")));
  }

  @Test
  void withoutSheddingDeadlinesFallLikeDominoes() {
    fails("E11", changed(setup -> setup.ordering("slo-deadline", Map.of())));
  }

  @Test
  void withoutTheEligibilityLiftBlockedTimeIsCredit() {
    fails("E15", fairness(() -> new Plain(true, true, false)));
  }

  private static void fails(String id, Policy mutant) {
    assertThat(experiment(id).passes(Policy.SLUICE, 0)).as("%s itself", id).isTrue();
    assertThat(experiment(id).passes(mutant, 0)).as("%s with the mutant", id).isFalse();
  }

  private static Experiment experiment(String id) {
    return Sheet.find(id).orElseThrow();
  }

  private static Policy fairness(Supplier<InterFlowDispatchPolicy> maker) {
    return changed(setup -> setup.fairness(Plugin.of("mutant", maker)));
  }

  private static Policy changed(UnaryOperator<Setup> change) {
    return new Policy("mutant", true, 0, change);
  }

  /** Start-tag fair queueing by scans, with rules that can be left out. */
  private static final class Plain implements InterFlowDispatchPolicy {
    private final boolean lifts;
    private final boolean chargesAtDispatch;
    private final boolean liftsTheEligible;
    private final Set<FlowQueueView> active = new LinkedHashSet<>();
    private final Map<FlowView, Double> tags = new HashMap<>();
    private double virtualTime;

    Plain(boolean lifts, boolean chargesAtDispatch, boolean liftsTheEligible) {
      this.lifts = lifts;
      this.chargesAtDispatch = chargesAtDispatch;
      this.liftsTheEligible = liftsTheEligible;
    }

    @Override
    public void activated(FlowQueueView queue) {
      active.add(queue);
      if (lifts) {
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
      return tag(a.flow()) < tag(b.flow());
    }

    private double tag(FlowView flow) {
      return tags.getOrDefault(flow, 0.0);
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {
      virtualTime = Math.max(virtualTime, tag(queue.flow()));
      if (chargesAtDispatch) {
        charge(queue.flow(), cost);
      }
    }

    @Override
    public void corrected(FlowView flow, long costDelta) {
      if (chargesAtDispatch) {
        charge(flow, costDelta);
      }
    }

    @Override
    public void completed(FlowView flow, long cost, long nowNanos) {
      if (!chargesAtDispatch) {
        charge(flow, cost);
      }
    }

    private void charge(FlowView flow, long cost) {
      tags.merge(flow, cost / flow.weight(), Double::sum);
    }

    @Override
    public void reopened(EligibilityClass needs) {
      if (liftsTheEligible) {
        active.stream()
            .filter(queue -> queue.eligibilityClass() == needs)
            .forEach(queue -> lift(queue.flow()));
      }
    }
  }

  /** The mean of how full each endpoint is, however full. */
  private static final class Average implements CapacityGate {
    private static final double SLOTS = 16;
    private final Map<String, Integer> own = new HashMap<>();
    private PoolSnapshot pool = PoolSnapshot.EMPTY;

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
        sum += load;
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

  /** The real one is what the sheet measures. */
  @Test
  void sluicesPolicyIsVirtualToken() {
    assertThat(new Setup(1).build().band(0).fairness().create()).isInstanceOf(VirtualToken.class);
  }
}
