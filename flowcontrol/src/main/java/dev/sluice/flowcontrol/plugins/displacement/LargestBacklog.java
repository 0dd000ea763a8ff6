package dev.sluice.flowcontrol.plugins.displacement;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.structures.IndexHeap;
import org.jspecify.annotations.Nullable;

/**
 * The flow with the largest queued cost per weight gives way first (longest-queue drop). If all
 * requests are of one size, an algorithm that knows the future serves at most 1.6918 times as many;
 * for other sizes no bound is known. Of flows with equal backlogs, the one that has had requests
 * queued for longest gives way first, so the names of flows play no part. Type {@code
 * largest-backlog}. Runs under the core's lock.
 *
 * <p>The flows are in a max-heap in which a flow's key is at least its backlog. A growing backlog
 * is noted at once, in O(log flows) and mostly O(1). A shrinking backlog is noted only when a
 * victim is asked for, so that dispatching costs nothing: each request that left is then made up
 * for once, in O(log flows). An answer makes up for at most {@value #MOST_CORRECTIONS} requests, so
 * that one caller does not pay for everything that was dispatched since the last answer. If more
 * requests left, the answer is the largest backlog among the flows that it looked at.
 */
public final class LargestBacklog implements InterFlowDisplacementPolicy {
  private static final int MOST_CORRECTIONS = 1_000;

  private static final class Node {
    final LargestBacklog owner;
    final FlowView flow;
    long key;
    long sequence;
    int index = -1;

    Node(LargestBacklog owner, FlowView flow) {
      this.owner = owner;
      this.flow = flow;
    }
  }

  private enum InBand implements IndexHeap.Places<Node> {
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

  private final IndexHeap<Node> flows = new IndexHeap<>(InBand.PLACES);
  private long lastSequence;

  /** A policy for one band. */
  public LargestBacklog() {}

  @Override
  public void backlogChanged(FlowView flow) {
    var node = node(flow);
    if (flow.queuedRequests() == 0) {
      flows.remove(node);
      return;
    }
    if (!flows.contains(node)) {
      node.sequence = ++lastSequence;
      node.key = key(flow);
      flows.add(node, node.key, node.sequence);
    } else if (key(flow) < node.key) {
      node.key = key(flow);
      flows.moved(node, node.key, node.sequence);
    }
  }

  @Override
  public @Nullable FlowView victim() {
    Node largest = null;
    for (var corrections = 0; flows.size() > 0 && corrections < MOST_CORRECTIONS; corrections++) {
      var first = flows.at(0);
      var key = key(first.flow);
      if (key == first.key) {
        return first.flow;
      }
      first.key = key;
      flows.moved(first, key, first.sequence);
      if (largest == null || key < largest.key) {
        largest = first;
      }
    }
    return largest == null ? null : largest.flow;
  }

  /** The key in the heap: the larger the backlog, the smaller the key. */
  private static long key(FlowView flow) {
    // The bits of doubles that are not negative have the same order as the doubles.
    return -Double.doubleToRawLongBits(flow.queuedCost() / flow.weight());
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
