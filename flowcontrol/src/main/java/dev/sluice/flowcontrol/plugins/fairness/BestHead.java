package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.structures.ClassTable;
import dev.sluice.flowcontrol.structures.IndexHeap;
import org.jspecify.annotations.Nullable;

/**
 * Serves the flow whose head comes first in the flows' own order. The band is one logical queue,
 * without isolation between flows. The heads of each eligibility class are in an index heap: O(log
 * flows). Upstream: {@code global-strict-fairness-policy}, which scans. Type {@code best-head}.
 * Runs under the core's lock.
 */
public final class BestHead implements InterFlowDispatchPolicy {

  private static final class Node {
    final BestHead owner;
    final FlowQueueView queue;
    long key;
    long sequence;
    int index = -1;

    Node(BestHead owner, FlowQueueView queue) {
      this.owner = owner;
      this.queue = queue;
    }

    boolean precedes(Node other) {
      return key != other.key ? key < other.key : sequence < other.sequence;
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

  private final ClassTable<IndexHeap<Node>> heads =
      new ClassTable<>(() -> new IndexHeap<>(InClass.PLACES));

  /** Makes a policy for one level: the tenants of a band, or the flows of a tenant. */
  public BestHead() {}

  @Override
  public void activated(FlowQueueView queue) {
    var head = queue.head();
    var heap = heads.of(queue.eligibilityClass());
    var node = node(queue);
    if (head == null || heap.contains(node)) {
      return;
    }
    node.key = head.orderingKey();
    node.sequence = head.sequence();
    heap.add(node, node.key, node.sequence);
  }

  @Override
  public void deactivated(FlowQueueView queue) {
    heads.of(queue.eligibilityClass()).remove(node(queue));
  }

  @Override
  public void headChanged(FlowQueueView queue) {
    var head = queue.head();
    var heap = heads.of(queue.eligibilityClass());
    var node = node(queue);
    if (head == null || !heap.contains(node)) {
      return;
    }
    node.key = head.orderingKey();
    node.sequence = head.sequence();
    heap.moved(node, node.key, node.sequence);
  }

  @Override
  public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
    var first = heads.of(needs).first();
    return first == null ? null : first.queue;
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
    return node(a).precedes(node(b));
  }

  @Override
  public void dispatched(FlowQueueView queue, long cost) {
    headChanged(queue);
  }

  @Override
  public void dispatchedAtOnce(FlowQueueView queue, long cost) {}

  private Node node(FlowQueueView queue) {
    if (queue.dispatchState() instanceof Node node && node.owner == this && node.queue == queue) {
      return node;
    }
    var fresh = new Node(this, queue);
    queue.dispatchState(fresh);
    return fresh;
  }
}
