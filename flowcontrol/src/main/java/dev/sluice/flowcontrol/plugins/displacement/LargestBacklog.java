package dev.sluice.flowcontrol.plugins.displacement;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.NoParameters;
import dev.sluice.flowcontrol.framework.PluginProvider;
import dev.sluice.flowcontrol.plugins.structures.IndexHeap;
import org.jspecify.annotations.Nullable;

/**
 * The flow with the largest queued cost per weight gives way first: longest-queue drop. For
 * requests of one size, who knew the future could serve at most 1.6918 times as many; no such
 * figure is known for other sizes. Of equal ones the one that has had something queued for longest
 * goes first, whatever flows are called. A max-heap: O(log flows) for a change, O(1) for the
 * answer. Type {@code largest-backlog}. Runs under the core's lock.
 */
public final class LargestBacklog implements InterFlowDisplacementPolicy {

  private static final class Node {
    final LargestBacklog owner;
    final FlowView flow;
    double backlog;
    long sequence;
    int index = -1;

    Node(LargestBacklog owner, FlowView flow) {
      this.owner = owner;
      this.flow = flow;
    }
  }

  private enum LargestFirst implements IndexHeap.Order<Node> {
    ORDER;

    @Override
    public boolean precedes(Node a, Node b) {
      var difference = Double.compare(a.backlog, b.backlog);
      return difference != 0 ? difference > 0 : a.sequence < b.sequence;
    }

    @Override
    public int index(Node node) {
      return node.index;
    }

    @Override
    public void index(Node node, int index) {
      node.index = index;
    }
  }

  private final IndexHeap<Node> flows = new IndexHeap<>(LargestFirst.ORDER);
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
    node.backlog = flow.queuedCost() / flow.weight();
    if (flows.contains(node)) {
      flows.moved(node);
    } else {
      node.sequence = ++lastSequence;
      flows.add(node);
    }
  }

  @Override
  public @Nullable FlowView victim() {
    var first = flows.first();
    return first == null ? null : first.flow;
  }

  private Node node(FlowView flow) {
    if (flow.displacementState() instanceof Node node && node.owner == this && node.flow == flow) {
      return node;
    }
    var fresh = new Node(this, flow);
    flow.displacementState(fresh);
    return fresh;
  }

  /** Makes them for configuration. Stateless. */
  public static final class Provider
      implements PluginProvider<InterFlowDisplacementPolicy, NoParameters> {

    /** For {@link java.util.ServiceLoader}. */
    public Provider() {}

    @Override
    public String type() {
      return "largest-backlog";
    }

    @Override
    public Class<InterFlowDisplacementPolicy> kind() {
      return InterFlowDisplacementPolicy.class;
    }

    @Override
    public NoParameters defaults() {
      return NoParameters.INSTANCE;
    }

    @Override
    public InterFlowDisplacementPolicy create(NoParameters parameters) {
      return new LargestBacklog();
    }
  }
}
