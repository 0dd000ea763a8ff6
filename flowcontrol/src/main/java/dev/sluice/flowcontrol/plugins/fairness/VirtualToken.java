package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.structures.ClassTable;
import dev.sluice.flowcontrol.structures.IndexHeap;
import dev.sluice.flowcontrol.structures.Ranges;
import org.jspecify.annotations.Nullable;

/**
 * Start-tag fair queueing over predicted tokens, corrected at completion. Type {@code
 * virtual-token}. Runs under the core's lock.
 *
 * <p>A flow has a tag {@code v}: the sum of its charges per weight. The policy has a virtual time
 * {@code V}: the largest tag served so far or, while nothing is active, the largest tag that any
 * flow ever had.
 *
 * <pre>
 *   activated, reopened   v = max(v, V)           idle or ineligible time is no credit
 *   next                  smallest (v, sequence)  ties in the order of activation or last service,
 *                         so a flow's own classes take turns
 *   dispatched            V = max(V, v); v += estimate / weight
 *   corrected             v += (actual - estimate) / weight, unless it was alone since
 *   mayForget             v &lt;= V               a flow that comes back would get the same tag
 *   nothing is active     V = max v            what is owed after a busy period is let off
 * </pre>
 *
 * <p>With exact costs the service per weight of two flows that stay backlogged differs by at most
 * {@code cmax_f / w_f + cmax_g / w_g} (Goyal, Vin, Cheng: Start-time Fair Queueing). Each call is
 * O(log flows) for each class in which the flow has requests, counted over many calls: {@link
 * #reopened} moves a flow at most once for each dispatch of that flow, except those that have
 * requests in several classes. Tags are whole 1/16 units of {@code Cost} per weight, so runs repeat
 * bit by bit.
 *
 * <p>This class is long because each of the rules above has to keep the heaps of all classes in
 * order, and the lift that makes {@link #reopened} cheap touches all of them.
 */
public final class VirtualToken implements InterFlowDispatchPolicy {
  private static final double SCALE = 16.0;
  private static final long LARGEST_CHARGE = 1L << 50;
  private static final long LARGEST_LEAD = 1L << 60;
  private static final long REBASE_ABOVE = 1L << 52;
  private static final long MOST_REBASES = 4;

  private static final class Flow {
    final VirtualToken owner;

    /** The flow's active queues, one for each class, linked through themselves. */
    @Nullable Node firstActive;

    long tag;
    long sequence;
    long epoch;
    long rebased;

    Flow(VirtualToken owner) {
      this.owner = owner;
    }

    /** The flow's active queue, if it has just one. */
    @Nullable Node onlyActive() {
      var first = firstActive;
      return first != null && first.nextActive == null ? first : null;
    }
  }

  private static final class Node {
    final FlowQueueView queue;
    final Flow flow;
    final Waiting waiting;
    @Nullable Node nextActive;
    boolean active;
    long sequence;
    int index = -1;

    Node(FlowQueueView queue, Flow flow, Waiting waiting) {
      this.queue = queue;
      this.flow = flow;
      this.waiting = waiting;
    }

    long tag() {
      return waiting.isLifted(this) ? waiting.floor : flow.tag;
    }

    boolean precedes(Node other) {
      if (flow == other.flow) {
        return sequence < other.sequence;
      }
      var tag = tag();
      var otherTag = other.tag();
      return tag != otherTag ? tag < otherTag : flow.sequence < other.flow.sequence;
    }
  }

  private enum InClass implements IndexHeap.Places<Node> {
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

  /**
   * The active queues of a class. A flow that a reopening lifts moves to {@code lifted}, where all
   * flows have the tag {@code floor}; the next reopening lifts them together by raising {@code
   * floor}. Only flows without active queues in other classes are in {@code lifted}, so no other
   * heap depends on their tags.
   */
  private static final class Waiting {
    /** The queues that have a tag of their own, by the flows' tags, then sequences. */
    final IndexHeap<Node> byTag = new IndexHeap<>(InClass.PLACES);

    /**
     * The queues that were lifted together, by the flows' sequences; made for the first of them.
     */
    @Nullable IndexHeap<Node> lifted;

    long floor;

    @Nullable Node first() {
      var a = byTag.first();
      var b = lifted == null ? null : lifted.first();
      return a == null || (b != null && b.precedes(a)) ? b : a;
    }

    boolean isLifted(Node node) {
      return lifted != null && lifted.contains(node);
    }

    void lift(Node node) {
      byTag.remove(node);
      if (lifted == null) {
        lifted = new IndexHeap<>(InClass.PLACES);
      }
      lifted.add(node, node.flow.sequence, 0);
    }
  }

  private final ClassTable<Waiting> classes = new ClassTable<>(Waiting::new);
  private long virtualTime;
  private long largestTag;
  private int activeQueues;
  private long lastSequence;
  private long epoch;
  private long rebased;

  /** Makes a policy for one level: the tenants of a band, or the flows of a tenant. */
  public VirtualToken() {}

  @Override
  public void activated(FlowQueueView queue) {
    var node = node(queue);
    var flow = node.flow;
    if (node.active) {
      return;
    }
    settle(flow);
    node.sequence = ++lastSequence;
    if (flow.firstActive == null) {
      flow.sequence = lastSequence;
    }
    node.active = true;
    node.nextActive = flow.firstActive;
    flow.firstActive = node;
    activeQueues++;
    node.waiting.byTag.add(node, flow.tag, flow.sequence);
    retag(flow, Math.max(flow.tag, virtualTime));
  }

  @Override
  public void deactivated(FlowQueueView queue) {
    var node = node(queue);
    if (!node.active) {
      return;
    }
    settle(node.flow);
    unlink(node);
    node.waiting.byTag.remove(node);
    activeQueues--;
    endBusyPeriod();
  }

  /** O(classes in which the flow has requests). */
  private static void unlink(Node node) {
    var flow = node.flow;
    if (flow.firstActive == node) {
      flow.firstActive = node.nextActive;
    } else {
      var before = flow.firstActive;
      while (before != null && before.nextActive != node) {
        before = before.nextActive;
      }
      if (before != null) {
        before.nextActive = node.nextActive;
      }
    }
    node.nextActive = null;
    node.active = false;
  }

  @Override
  public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
    var first = classes.of(needs).first();
    return first == null ? null : first.queue;
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
    return node(a).precedes(node(b));
  }

  @Override
  public void dispatched(FlowQueueView queue, long cost) {
    var node = node(queue);
    var flow = node.flow;
    settle(flow);
    virtualTime = Math.max(virtualTime, flow.tag);
    flow.sequence = ++lastSequence;
    node.sequence = lastSequence;
    retag(flow, flow.tag + charge(cost, queue.flow().weight()));
    keepSmall();
  }

  @Override
  public void dispatchedAtOnce(FlowQueueView queue, long cost) {
    var flow = flow(queue.flow());
    settle(flow);
    virtualTime = Math.max(virtualTime, flow.tag);
    if (flow.firstActive != null) {
      flow.sequence = ++lastSequence;
    }
    retag(flow, virtualTime + charge(cost, queue.flow().weight()));
    endBusyPeriod();
    keepSmall();
  }

  @Override
  public void corrected(FlowView view, long costDelta) {
    var flow = flow(view);
    settle(flow);
    retag(flow, flow.tag + charge(costDelta, view.weight()));
    endBusyPeriod();
  }

  /** The charge is part of V, from which flows that joined later started. So is the error in it. */
  @Override
  public void correctedAfterIdle(FlowView view, long costDelta) {}

  @Override
  public void reopened(EligibilityClass needs) {
    var waiting = classes.of(needs);
    waiting.floor = virtualTime;
    for (var first = waiting.byTag.first();
        first != null && first.flow.tag < virtualTime;
        first = waiting.byTag.first()) {
      if (first.flow.onlyActive() == first) {
        waiting.lift(first);
      } else {
        retag(first.flow, virtualTime);
      }
    }
  }

  @Override
  public boolean mayForget(FlowView view) {
    var flow = flow(view);
    settle(flow);
    return flow.tag <= virtualTime;
  }

  /** The amount that a cost adds to a flow's tag. */
  static long charge(long cost, double weight) {
    var exact = Math.round(cost * SCALE / weight);
    return Ranges.clamp(exact, -LARGEST_CHARGE, LARGEST_CHARGE);
  }

  /** Gives a flow that was lifted with others its own tag again. */
  private static void settle(Flow flow) {
    var node = flow.onlyActive();
    if (node != null && node.waiting.lifted != null && node.waiting.lifted.remove(node)) {
      flow.tag = node.waiting.floor;
      node.waiting.byTag.add(node, flow.tag, flow.sequence);
    }
  }

  private void endBusyPeriod() {
    if (activeQueues == 0) {
      virtualTime = largestTag;
      keepSmall();
    }
  }

  private void keepSmall() {
    if (virtualTime > REBASE_ABOVE) {
      rebase();
    }
  }

  private void retag(Flow flow, long tag) {
    flow.tag = Ranges.clamp(tag, virtualTime - LARGEST_LEAD, virtualTime + LARGEST_LEAD);
    largestTag = Math.max(largestTag, flow.tag);
    for (var node = flow.firstActive; node != null; node = node.nextActive) {
      node.waiting.byTag.moved(node, flow.tag, flow.sequence);
    }
  }

  /**
   * Subtracts {@code V} from all tags, which keeps their order. Idle flows follow when next seen.
   * So do lifted flows, whose tag is {@code floor} until then.
   */
  private void rebase() {
    epoch++;
    rebased += virtualTime;
    largestTag = Math.max(0, largestTag - virtualTime);
    for (var i = 0; i < classes.size(); i++) {
      var waiting = classes.at(i);
      if (waiting == null) {
        continue;
      }
      waiting.floor = Math.max(-LARGEST_LEAD, waiting.floor - virtualTime);
      waiting.byTag.rekey(node -> tagOf(node.flow));
    }
    virtualTime = 0;
  }

  private long tagOf(Flow flow) {
    catchUp(flow);
    return flow.tag;
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
    var fresh = new Node(queue, flow, classes.of(queue.eligibilityClass()));
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
}
