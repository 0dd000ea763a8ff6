package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.structures.ClassTable;
import dev.sluice.flowcontrol.structures.IndexHeap;
import dev.sluice.flowcontrol.structures.Ranges;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * The virtual token counter of Sheng et al. (Fairness in Serving Large Language Models, OSDI 2024),
 * for comparison. Type {@code vtc}. Runs under the core's lock.
 *
 * <pre>
 *   next         smallest (counter, turn)
 *   dispatched   counter += estimate / weight
 *   corrected    counter += difference / weight, also while tokens come
 *   activated    counter = max(counter, smallest counter of an active flow),
 *                or, if none is active, of the flow that was active last
 * </pre>
 *
 * <p>At dispatch the policy charges the tokens that the output predictor expects. With predictor
 * {@code none} it charges the prompt at dispatch and generated tokens as they come, as the paper
 * does. Unlike {@link VirtualToken} it does not lift flows that could not be served for a while.
 * O(log flows) for each class in which the flow has requests. When counters become large, they are
 * counted from the smallest active one again, so that they never overflow.
 */
public final class VirtualTokenCounter implements InterFlowDispatchPolicy {

  /** No counter goes farther. One more charge cannot make it overflow. */
  private static final long FARTHEST = 1L << 60;

  private static final long REBASE_ABOVE = 1L << 52;
  private static final long MOST_REBASES = 4;

  private static final class Flow {
    final ArrayList<Node> active = new ArrayList<>(1);
    long counter;
    long turn;
    long epoch;
    long rebased;
  }

  private static final class Node {
    final FlowQueueView queue;
    final Flow flow;
    long turn;
    int index = -1;

    Node(FlowQueueView queue, Flow flow) {
      this.queue = queue;
      this.flow = flow;
    }

    boolean precedes(Node other) {
      if (flow == other.flow) {
        return turn < other.turn;
      }
      return flow.counter != other.flow.counter
          ? flow.counter < other.flow.counter
          : flow.turn < other.flow.turn;
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

  private final ClassTable<IndexHeap<Node>> heaps =
      new ClassTable<>(() -> new IndexHeap<>(InClass.PLACES));
  private final Records<Flow, Node> records =
      new Records<>(flow -> newFlow(), queue -> new Node(queue, flowOf(queue)));
  private @Nullable Flow lastActive;
  private long lastTurn;
  private long epoch;
  private long rebased;

  /** Makes a policy for one level: the tenants of a band, or the flows of a tenant. */
  public VirtualTokenCounter() {}

  private Flow newFlow() {
    var flow = new Flow();
    flow.epoch = epoch;
    flow.rebased = rebased;
    return flow;
  }

  private Flow flowOf(FlowQueueView queue) {
    return caughtUp(records.of(queue.flow()));
  }

  @Override
  public void activated(FlowQueueView queue) {
    var node = records.of(queue);
    var flow = caughtUp(node.flow);
    if (flow.active.contains(node)) {
      return;
    }
    if (flow.active.isEmpty()) {
      flow.counter = Math.max(flow.counter, floor());
      flow.turn = ++lastTurn;
    }
    node.turn = ++lastTurn;
    flow.active.add(node);
    heaps.of(queue.eligibilityClass()).add(node, flow.counter, flow.turn);
  }

  private long floor() {
    var floor = Long.MAX_VALUE;
    for (var i = 0; i < heaps.size(); i++) {
      var heap = heaps.at(i);
      var first = heap == null ? null : heap.first();
      if (first != null) {
        floor = Math.min(floor, first.flow.counter);
      }
    }
    if (floor != Long.MAX_VALUE) {
      return floor;
    }
    return lastActive == null ? Long.MIN_VALUE : caughtUp(lastActive).counter;
  }

  @Override
  public void deactivated(FlowQueueView queue) {
    var node = records.of(queue);
    if (node.flow.active.remove(node)) {
      heaps.of(queue.eligibilityClass()).remove(node);
      lastActive = node.flow;
    }
  }

  @Override
  public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
    var first = heaps.of(needs).first();
    return first == null ? null : first.queue;
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
    return records.of(a).precedes(records.of(b));
  }

  @Override
  public void dispatched(FlowQueueView queue, long cost) {
    var node = records.of(queue);
    node.flow.turn = ++lastTurn;
    node.turn = lastTurn;
    corrected(queue.flow(), cost);
  }

  @Override
  public void corrected(FlowView view, long costDelta) {
    var flow = caughtUp(records.of(view));
    var charged = flow.counter + VirtualToken.charge(costDelta, view.weight());
    flow.counter = Ranges.clamp(charged, -FARTHEST, FARTHEST);
    for (var node : flow.active) {
      heaps.of(node.queue.eligibilityClass()).moved(node, flow.counter, flow.turn);
    }
    if (flow.counter > REBASE_ABOVE) {
      rebase();
    }
  }

  /** Subtracts the floor from all counters, which keeps their order. Idle flows follow later. */
  private void rebase() {
    var floor = floor();
    if (floor <= REBASE_ABOVE) {
      return;
    }
    epoch++;
    rebased += floor;
    for (var i = 0; i < heaps.size(); i++) {
      var heap = heaps.at(i);
      if (heap != null) {
        heap.rekey(node -> caughtUp(node.flow).counter);
      }
    }
  }

  private Flow caughtUp(Flow flow) {
    if (flow.epoch != epoch) {
      // The sum of all rebases wraps around, but that of a few does not.
      flow.counter =
          epoch - flow.epoch > MOST_REBASES
              ? -FARTHEST
              : Math.max(-FARTHEST, flow.counter - (rebased - flow.rebased));
      flow.epoch = epoch;
      flow.rebased = rebased;
    }
    return flow;
  }
}
