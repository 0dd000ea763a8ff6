package dev.sluice.flowcontrol.theory;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Start-tag fair queueing by a scan of all flows, whole or with one rule left out. It keeps its
 * data by the flows' names, so it can forget a flow that the engine keeps.
 */
final class StartTagTwin implements InterFlowDispatchPolicy {

  /** The rule that is left out. */
  enum Without {
    /** None: this is the policy. */
    NOTHING,
    /** An idle flow keeps its old tag, which is credit. */
    LIFT,
    /** A dispatch costs nothing until the request ends. */
    CHARGE_AT_DISPATCH,
    /** The difference between a request's cost and its estimate is never charged. */
    CORRECTION,
    /** Of equal tags the smaller name goes first. */
    TIES_BY_SEQUENCE,
    /** Weights count for nothing. */
    WEIGHTS,
    /** A flow may be forgotten while it owes service. */
    MEMORY_OF_DEBT
  }

  private static final class Flow {
    double tag;
    long sequence;
  }

  private final Without without;
  private final List<FlowQueueView> active = new ArrayList<>();
  private final Map<String, Flow> flows = new HashMap<>();
  private double virtualTime;
  private double largestTag;
  private long lastSequence;

  StartTagTwin(Without without) {
    this.without = without;
  }

  private Flow flow(FlowView view) {
    return flows.computeIfAbsent(
        view.key().id(),
        id -> {
          var fresh = new Flow();
          fresh.tag = virtualTime;
          return fresh;
        });
  }

  @Override
  public void activated(FlowQueueView queue) {
    var flow = flow(queue.flow());
    if (without != Without.LIFT) {
      flow.tag = Math.max(flow.tag, virtualTime);
    }
    flow.sequence = ++lastSequence;
    active.add(queue);
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
      if (queue.eligibilityClass() == needs && (best == null || precedes(queue, best, nowNanos))) {
        best = queue;
      }
    }
    return best;
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
    var flowOfA = flow(a.flow());
    var flowOfB = flow(b.flow());
    if (flowOfA.tag != flowOfB.tag) {
      return flowOfA.tag < flowOfB.tag;
    }
    return without == Without.TIES_BY_SEQUENCE
        ? a.flow().key().id().compareTo(b.flow().key().id()) < 0
        : flowOfA.sequence < flowOfB.sequence;
  }

  @Override
  public void dispatched(FlowQueueView queue, long cost) {
    var flow = flow(queue.flow());
    virtualTime = Math.max(virtualTime, flow.tag);
    flow.sequence = ++lastSequence;
    if (without != Without.CHARGE_AT_DISPATCH) {
      charge(queue.flow(), cost);
    }
  }

  @Override
  public void corrected(FlowView view, long costDelta) {
    if (without != Without.CHARGE_AT_DISPATCH && without != Without.CORRECTION) {
      charge(view, costDelta);
      endBusyPeriod();
    }
  }

  @Override
  public void completed(FlowView view, long cost, long nowNanos) {
    if (without == Without.CHARGE_AT_DISPATCH) {
      charge(view, cost);
      endBusyPeriod();
    }
  }

  @Override
  public boolean mayForget(FlowView view) {
    if (flow(view).tag <= virtualTime || without == Without.MEMORY_OF_DEBT) {
      flows.remove(view.key().id());
      return true;
    }
    return false;
  }

  private void charge(FlowView view, long cost) {
    var flow = flow(view);
    flow.tag += cost / (without == Without.WEIGHTS ? 1 : view.weight());
    largestTag = Math.max(largestTag, flow.tag);
  }

  private void endBusyPeriod() {
    if (active.isEmpty()) {
      virtualTime = largestTag;
    }
  }
}
