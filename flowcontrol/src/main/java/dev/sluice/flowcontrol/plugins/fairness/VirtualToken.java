package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.NoParameters;
import dev.sluice.flowcontrol.framework.PluginProvider;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.plugins.structures.ClassTable;
import dev.sluice.flowcontrol.plugins.structures.IndexHeap;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Start-tag fair queueing over predicted tokens, corrected at completion. Type {@code
 * virtual-token}.
 *
 * <p>A flow has a tag {@code v}, what it was charged per weight; the band has a virtual time {@code
 * V}, the largest tag served so far:
 *
 * <pre>
 *   activated, reopened   v = max(v, V)           idle or ineligible time is no credit
 *   next                  smallest (v, sequence)  ties in the order of activation or last service,
 *                         so a flow's own classes take turns
 *   dispatched            V = max(V, v); v += estimate / weight
 *   corrected             v += (actual - estimate) / weight
 *   mayForget             v &lt;= V               a flow that comes back would get the same tag
 * </pre>
 *
 * <p>With exact costs the service per weight of two flows that stay backlogged differs by at most
 * {@code cmax_f / w_f + cmax_g / w_g} (Goyal, Vin, Cheng: Start-time Fair Queueing). Each call is
 * O(log flows) for each class in which the flow has requests; {@link #reopened} also pays for every
 * flow that it lifts. Tags are whole 1/16 units of {@code Cost} per weight, so runs repeat bit by
 * bit.
 */
public final class VirtualToken implements InterFlowDispatchPolicy {
  private static final double SCALE = 16.0;
  private static final long LARGEST_CHARGE = 1L << 50;
  private static final long LARGEST_LEAD = 1L << 60;
  private static final long REBASE_ABOVE = 1L << 52;
  private static final long MOST_REBASES = 4;

  private static final class Flow {
    final VirtualToken owner;
    final ArrayList<Node> active = new ArrayList<>(1);
    long tag;
    long sequence;
    long epoch;
    long rebased;

    Flow(VirtualToken owner) {
      this.owner = owner;
    }
  }

  private static final class Node {
    final FlowQueueView queue;
    final Flow flow;
    long sequence;
    int index = -1;

    Node(FlowQueueView queue, Flow flow) {
      this.queue = queue;
      this.flow = flow;
    }

    boolean precedes(Node other) {
      var a = flow;
      var b = other.flow;
      if (a != b) {
        return a.tag != b.tag ? a.tag < b.tag : a.sequence < b.sequence;
      }
      return sequence < other.sequence;
    }
  }

  private enum SmallestTagFirst implements IndexHeap.Order<Node> {
    ORDER;

    @Override
    public boolean precedes(Node a, Node b) {
      return a.precedes(b);
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

  private final ClassTable<IndexHeap<Node>> heaps =
      new ClassTable<>(() -> new IndexHeap<>(SmallestTagFirst.ORDER));
  private long virtualTime;
  private long lastSequence;
  private long epoch;
  private long rebased;

  /** A policy for one band. */
  public VirtualToken() {}

  @Override
  public void activated(FlowQueueView queue) {
    var node = node(queue);
    var heap = heaps.of(queue.eligibilityClass());
    if (heap.contains(node)) {
      return;
    }
    var flow = node.flow;
    node.sequence = ++lastSequence;
    if (flow.active.isEmpty()) {
      flow.sequence = lastSequence;
    }
    flow.active.add(node);
    heap.add(node);
    retag(flow, Math.max(flow.tag, virtualTime));
  }

  @Override
  public void deactivated(FlowQueueView queue) {
    var node = node(queue);
    if (heaps.of(queue.eligibilityClass()).remove(node)) {
      node.flow.active.remove(node);
    }
  }

  @Override
  public @Nullable FlowQueueView next(EligibilityClass needs) {
    var first = heaps.of(needs).first();
    return first == null ? null : first.queue;
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b) {
    return node(a).precedes(node(b));
  }

  @Override
  public void dispatched(FlowQueueView queue, QueueItem item, long cost) {
    var node = node(queue);
    var flow = node.flow;
    virtualTime = Math.max(virtualTime, flow.tag);
    flow.sequence = ++lastSequence;
    node.sequence = lastSequence;
    retag(flow, flow.tag + charge(cost, queue.flow().weight()));
    if (virtualTime > REBASE_ABOVE) {
      rebase();
    }
  }

  @Override
  public void corrected(FlowView view, long costDelta) {
    var flow = flow(view);
    retag(flow, flow.tag + charge(costDelta, view.weight()));
  }

  @Override
  public void reopened(EligibilityClass needs) {
    var heap = heaps.of(needs);
    for (var first = heap.first();
        first != null && first.flow.tag < virtualTime;
        first = heap.first()) {
      retag(first.flow, virtualTime);
    }
  }

  @Override
  public boolean mayForget(FlowView view) {
    return flow(view).tag <= virtualTime;
  }

  /** What a cost adds to a flow's tag. */
  static long charge(long cost, double weight) {
    var exact = Math.round(cost * SCALE / weight);
    return Math.clamp(exact, -LARGEST_CHARGE, LARGEST_CHARGE);
  }

  /** The virtual time, for tests. */
  long virtualTime() {
    return virtualTime;
  }

  /** A flow's tag, for tests. */
  long tag(FlowView view) {
    return flow(view).tag;
  }

  private void retag(Flow flow, long tag) {
    flow.tag = Math.clamp(tag, virtualTime - LARGEST_LEAD, virtualTime + LARGEST_LEAD);
    for (var node : flow.active) {
      heaps.of(node.queue.eligibilityClass()).moved(node);
    }
  }

  /** Takes {@code V} off all tags, which keeps their order. Idle flows follow when next seen. */
  private void rebase() {
    epoch++;
    rebased += virtualTime;
    for (var i = 0; i < heaps.size(); i++) {
      var heap = heaps.at(i);
      for (var j = 0; j < heap.size(); j++) {
        catchUp(heap.at(j).flow);
      }
    }
    virtualTime = 0;
  }

  private void catchUp(Flow flow) {
    if (flow.epoch == epoch) {
      return;
    }
    // The sum of all rebases wraps around, but that of a few does not.
    flow.tag =
        epoch - flow.epoch > MOST_REBASES
            ? -LARGEST_LEAD
            : Math.max(-LARGEST_LEAD, flow.tag - (rebased - flow.rebased));
    flow.epoch = epoch;
    flow.rebased = rebased;
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
      catchUp(flow);
      return flow;
    }
    var fresh = new Flow(this);
    fresh.epoch = epoch;
    fresh.rebased = rebased;
    fresh.tag = virtualTime;
    view.dispatchState(fresh);
    return fresh;
  }

  /** Makes them for configuration. */
  public static final class Provider
      implements PluginProvider<InterFlowDispatchPolicy, NoParameters> {

    /** For {@link java.util.ServiceLoader}. */
    public Provider() {}

    @Override
    public String type() {
      return "virtual-token";
    }

    @Override
    public Class<InterFlowDispatchPolicy> kind() {
      return InterFlowDispatchPolicy.class;
    }

    @Override
    public NoParameters defaults() {
      return NoParameters.INSTANCE;
    }

    @Override
    public InterFlowDispatchPolicy create(NoParameters parameters) {
      return new VirtualToken();
    }
  }
}
