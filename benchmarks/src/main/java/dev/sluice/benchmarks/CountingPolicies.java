package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.structures.IndexHeap;
import org.jspecify.annotations.Nullable;

/**
 * Policies that count how often flows are compared, because the default policies do not. They
 * decide as {@code virtual-token} and {@code largest-backlog} do for flows of equal weight in one
 * eligibility class, on the same kind of heap. For one engine; used under the engine's lock.
 */
final class CountingPolicies {
  private long comparisons;

  /** The configuration with the counting policies in place of the default ones. */
  FlowControlConfig in(FlowControlConfig config) {
    return config.toBuilder()
        .defaultBand(
            config
                .band(0)
                .withFairness(
                    Plugin.<InterFlowDispatchPolicy>of("counted-virtual-token", StartTags::new)))
        .flowDisplacement(
            Plugin.<InterFlowDisplacementPolicy>of("counted-largest-backlog", Backlogs::new))
        .build();
  }

  /** The number of comparisons so far. */
  long comparisons() {
    return comparisons;
  }

  /** A flow in a heap. The flow with the smallest key is first. */
  private static final class Node {
    private final @Nullable FlowQueueView queue;
    private long key;
    private long sequence;
    private int index = -1;

    Node(@Nullable FlowQueueView queue) {
      this.queue = queue;
    }
  }

  private enum InHeap implements IndexHeap.Places<Node> {
    PLACES;

    @Override
    public int index(Node node) {
      return node.index;
    }

    @Override
    public void index(Node node, int index) {
      node.index = index;
    }
  }

  private final class CountingHeap extends IndexHeap<Node> {

    CountingHeap() {
      super(InHeap.PLACES);
    }

    @Override
    protected boolean precedes(long key, long tie, long otherKey, long otherTie) {
      comparisons++;
      return super.precedes(key, tie, otherKey, otherTie);
    }
  }

  private final class StartTags implements InterFlowDispatchPolicy {
    private final IndexHeap<Node> active = new CountingHeap();
    private long virtualTime;
    private long lastSequence;

    @Override
    public void activated(FlowQueueView queue) {
      var node = node(queue.flow(), queue);
      if (!active.contains(node)) {
        node.key = Math.max(node.key, virtualTime);
        node.sequence = ++lastSequence;
        active.add(node, node.key, node.sequence);
      }
    }

    @Override
    public void deactivated(FlowQueueView queue) {
      active.remove(node(queue.flow(), queue));
    }

    @Override
    public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
      var first = active.first();
      return first == null ? null : first.queue;
    }

    @Override
    public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
      return active.first() == node(a.flow(), a);
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {
      var node = node(queue.flow(), queue);
      virtualTime = Math.max(virtualTime, node.key);
      node.sequence = ++lastSequence;
      corrected(queue.flow(), cost);
    }

    @Override
    public void corrected(FlowView flow, long costDelta) {
      if (flow.dispatchState() instanceof Node node) {
        node.key += costDelta;
        if (active.contains(node)) {
          active.moved(node, node.key, node.sequence);
        }
      }
    }

    private static Node node(FlowView flow, FlowQueueView queue) {
      if (flow.dispatchState() instanceof Node node) {
        return node;
      }
      var fresh = new Node(queue);
      flow.dispatchState(fresh);
      return fresh;
    }
  }

  private final class Backlogs implements InterFlowDisplacementPolicy {
    private final IndexHeap<Node> flows = new CountingHeap();
    private long lastSequence;

    @Override
    public void backlogChanged(FlowView flow) {
      var node = node(flow);
      if (flow.queuedRequests() == 0) {
        flows.remove(node);
        return;
      }
      var key = -flow.queuedCost();
      if (!flows.contains(node)) {
        node.key = key;
        flows.add(node, key, node.sequence);
      } else if (key < node.key) {
        node.key = key;
        flows.moved(node, key, node.sequence);
      }
    }

    /** Fails, because the queue is never full while decisions are counted. */
    @Override
    public @Nullable FlowView victim() {
      throw new IllegalStateException("no request need give way: the queue has room for all");
    }

    private Node node(FlowView flow) {
      if (flow.displacementState() instanceof Node node) {
        return node;
      }
      var fresh = new Node(null);
      fresh.sequence = ++lastSequence;
      flow.displacementState(fresh);
      return fresh;
    }
  }
}
