package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.structures.ClassTable;
import dev.sluice.flowcontrol.structures.Ring;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Flows are served in turn, one request each: while two stay active, their counts differ by at most
 * one. There is one ring per eligibility class. A flow that is served or becomes active goes to the
 * end of each ring that it is in, and the queue that was served goes behind the flow's other
 * queues. O(1), or O(classes in which the served flow has requests). If a flow disappears, the
 * turns of all other flows stay as they are. Upstream: {@code round-robin-fairness-policy}, which
 * sorts. Type {@code round-robin}. Runs under the core's lock.
 */
public final class RoundRobin implements InterFlowDispatchPolicy {

  private static final class Flow {
    final RoundRobin owner;
    final ArrayList<Node> active = new ArrayList<>(1);

    Flow(RoundRobin owner) {
      this.owner = owner;
    }
  }

  private static final class Node extends Ring.Link {
    final FlowQueueView queue;
    final Flow flow;
    long turn;

    Node(FlowQueueView queue, Flow flow) {
      this.queue = queue;
      this.flow = flow;
    }
  }

  private final ClassTable<Ring<Node>> rings = new ClassTable<>(Ring::new);
  private long lastTurn;

  /** Makes a policy for one level: the tenants of a band, or the flows of a tenant. */
  public RoundRobin() {}

  @Override
  public void activated(FlowQueueView queue) {
    var node = node(queue);
    var ring = rings.of(queue.eligibilityClass());
    if (ring.contains(node)) {
      return;
    }
    node.turn = ++lastTurn;
    ring.addLast(node);
    node.flow.active.add(node);
  }

  @Override
  public void deactivated(FlowQueueView queue) {
    var node = node(queue);
    if (rings.of(queue.eligibilityClass()).remove(node)) {
      node.flow.active.remove(node);
    }
  }

  @Override
  public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
    var first = rings.of(needs).first();
    return first == null ? null : first.queue;
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
    return node(a).turn < node(b).turn;
  }

  @Override
  public void dispatched(FlowQueueView queue, long cost) {
    var served = node(queue);
    // Behind the flow's other queues, or a class that never runs dry would starve them.
    if (served.flow.active.remove(served)) {
      served.flow.active.add(served);
    }
    for (var node : served.flow.active) {
      var ring = rings.of(node.queue.eligibilityClass());
      ring.remove(node);
      node.turn = ++lastTurn;
      ring.addLast(node);
    }
  }

  @Override
  public void dispatchedAtOnce(FlowQueueView queue, long cost) {
    if (!flow(queue.flow()).active.isEmpty()) {
      InterFlowDispatchPolicy.super.dispatchedAtOnce(queue, cost);
    }
  }

  private Node node(FlowQueueView queue) {
    var flow = flow(queue.flow());
    if (queue.dispatchState() instanceof Node node && node.flow == flow && node.queue == queue) {
      return node;
    }
    var fresh = new Node(queue, flow);
    queue.dispatchState(fresh);
    return fresh;
  }

  private Flow flow(FlowView view) {
    if (view.dispatchState() instanceof Flow flow && flow.owner == this) {
      return flow;
    }
    var fresh = new Flow(this);
    view.dispatchState(fresh);
    return fresh;
  }
}
