package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.structures.ClassTable;
import dev.sluice.flowcontrol.structures.Ranges;
import dev.sluice.flowcontrol.structures.Ring;
import dev.sluice.flowcontrol.types.Cost;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Deficit round robin (Shreedhar and Varghese, 1995) in its surplus form, for comparison: a flow is
 * served while it has credit, may overdraw it with its last request, and gets a quantum per weight
 * at each of its turns. Type {@code drr}. Runs under the core's lock.
 *
 * <p>With exact costs, the service per weight of two flows that stay active differs by at most a
 * quantum and two requests. There is one ring per eligibility class; of several classes, the one
 * whose flow had its turn first goes first. A call is O(1) if the quantum is at least the largest
 * cost. Otherwise the rounds that a flow has to wait are added up at once, in O(flows).
 */
public final class DeficitRoundRobin implements InterFlowDispatchPolicy {
  private static final long LARGEST = 1L << 58;

  /**
   * Parameters of {@code drr}. Immutable.
   *
   * @param quantumTokens weighted tokens that a flow of weight 1 gets at each turn, 1 to 2^40. Set
   *     it to the cost of a large request: less costs time, more makes turns longer
   */
  public record Parameters(long quantumTokens) {

    /** 4,000 tokens. */
    public static final Parameters DEFAULT = new Parameters(4_000);

    /** Rejects a value outside its range. */
    public Parameters {
      if (quantumTokens < 1 || quantumTokens > 1L << 40) {
        throw new IllegalArgumentException(
            "quantumTokens: got " + quantumTokens + ", allowed 1 to 2^40");
      }
    }
  }

  private static final class Flow {
    final ArrayList<Node> active = new ArrayList<>(1);
    final FlowView view;
    long credit;

    Flow(FlowView view) {
      this.view = view;
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

  private final long quantum;
  private final ClassTable<Ring<Node>> rings = new ClassTable<>(Ring::new);
  private final Records<Flow, Node> records =
      new Records<>(Flow::new, queue -> new Node(queue, flowOf(queue)));
  private long lastTurn;

  /** Makes a policy for one level: the tenants of a band, or the flows of a tenant. */
  public DeficitRoundRobin(Parameters parameters) {
    quantum = parameters.quantumTokens() * Cost.UNITS_PER_TOKEN;
  }

  private Flow flowOf(FlowQueueView queue) {
    return records.of(queue.flow());
  }

  @Override
  public void activated(FlowQueueView queue) {
    var node = records.of(queue);
    var ring = rings.of(queue.eligibilityClass());
    if (ring.contains(node)) {
      return;
    }
    if (node.flow.active.isEmpty()) {
      // Unused credit is lost; the quantum of the first turn comes at once.
      node.flow.credit = Math.min(node.flow.credit, 0) + quantumOf(node.flow);
    }
    node.flow.active.add(node);
    node.turn = ++lastTurn;
    ring.addLast(node);
    openTurn(ring);
  }

  @Override
  public void deactivated(FlowQueueView queue) {
    var node = records.of(queue);
    var ring = rings.of(queue.eligibilityClass());
    if (ring.remove(node)) {
      node.flow.active.remove(node);
      openTurn(ring);
    }
  }

  @Override
  public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
    var first = rings.of(needs).first();
    return first == null ? null : first.queue;
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
    return records.of(a).turn < records.of(b).turn;
  }

  @Override
  public void dispatched(FlowQueueView queue, long cost) {
    corrected(queue.flow(), cost);
  }

  @Override
  public void corrected(FlowView view, long costDelta) {
    var flow = records.of(view);
    flow.credit = Ranges.clamp(flow.credit - costDelta, -LARGEST, LARGEST);
    for (var node : flow.active) {
      openTurn(rings.of(node.queue.eligibilityClass()));
    }
  }

  /** Turns the ring until the flow at its head has credit. */
  private void openTurn(Ring<Node> ring) {
    var first = ring.first();
    if (first == null || first.flow.credit > 0) {
      return;
    }
    var lead = first;
    var rounds = Long.MAX_VALUE;
    do {
      var node = first;
      ring.remove(node);
      ring.addLast(node);
      node.turn = ++lastTurn;
      node.flow.credit += quantumOf(node.flow);
      rounds = Math.min(rounds, Math.max(0, -node.flow.credit) / quantumOf(node.flow));
      first = ring.first();
    } while (first != null && first != lead && first.flow.credit <= 0);
    if (first == lead && first.flow.credit <= 0) {
      for (var node = first; node != null; node = ring.after(node)) {
        node.flow.credit += rounds * quantumOf(node.flow);
      }
      openTurn(ring);
    }
  }

  private long quantumOf(Flow flow) {
    return Ranges.clamp(Math.round(quantum * flow.view.weight()), 1L, LARGEST);
  }
}
