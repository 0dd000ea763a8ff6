package dev.sluice.flowcontrol.plugins.displacement;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.structures.Ring;
import org.jspecify.annotations.Nullable;

/**
 * Flows give way in turn, one request each. The turn passes on when the flow that was named has
 * fewer queued requests than when it was named. O(1). Type {@code round-robin}. Runs under the
 * core's lock.
 */
public final class RoundRobinVictim implements InterFlowDisplacementPolicy {

  private static final class Node extends Ring.Link {
    final RoundRobinVictim owner;
    final FlowView flow;

    Node(RoundRobinVictim owner, FlowView flow) {
      this.owner = owner;
      this.flow = flow;
    }
  }

  private final Ring<Node> turns = new Ring<>();
  private @Nullable Node named;
  private int requestsWhenNamed;

  /** Makes a policy for one band. */
  public RoundRobinVictim() {}

  @Override
  public void backlogChanged(FlowView flow) {
    var node = node(flow);
    var queued = flow.queuedRequests();
    if (queued == 0) {
      turns.remove(node);
    } else if (!turns.contains(node)) {
      turns.addLast(node);
    } else if (node == named && queued < requestsWhenNamed) {
      turns.remove(node);
      turns.addLast(node);
    } else {
      return;
    }
    if (node == named) {
      named = null;
    }
  }

  @Override
  public @Nullable FlowView victim() {
    var first = turns.first();
    if (first == null) {
      return null;
    }
    named = first;
    requestsWhenNamed = first.flow.queuedRequests();
    return first.flow;
  }

  private Node node(FlowView flow) {
    if (flow.displacementState() instanceof Node node && node.owner == this && node.flow == flow) {
      return node;
    }
    var fresh = new Node(this, flow);
    flow.displacementState(fresh);
    return fresh;
  }
}
