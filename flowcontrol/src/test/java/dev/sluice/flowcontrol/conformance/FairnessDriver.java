package dev.sluice.flowcontrol.conformance;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueItem;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Keeps the queues of a band and tells an inter-flow dispatch policy of every change, in the order
 * in which the engine would.
 */
public final class FairnessDriver {
  private record Place(FakeFlow flow, EligibilityClass needs) {}

  private final InterFlowDispatchPolicy policy;
  private final Map<Place, FakeFlowQueue> queues = new LinkedHashMap<>();
  private final Set<FakeFlowQueue> active = new LinkedHashSet<>();
  private final Set<FakeFlow> blocked = new LinkedHashSet<>();
  private long lastSequence;

  /** Makes a driver for a policy that was told of nothing yet. */
  public FairnessDriver(InterFlowDispatchPolicy policy) {
    this.policy = policy;
  }

  /** Queues a request of a cost. */
  public FakeItem offer(FakeFlow flow, EligibilityClass needs, long cost) {
    return offer(flow, needs, cost, 0);
  }

  /** Queues a request of a cost with an ordering key. */
  public FakeItem offer(FakeFlow flow, EligibilityClass needs, long cost, long orderingKey) {
    var item = FakeItem.costing(flow.key(), ++lastSequence, cost);
    item.orderingKey(orderingKey);
    var queue = queue(flow, needs);
    queue.add(item);
    if (active.contains(queue)) {
      if (queue.head() == item) {
        policy.headChanged(queue);
      }
    } else if (!blocked.contains(flow)) {
      active.add(queue);
      policy.activated(queue);
    }
    return item;
  }

  /**
   * Serves a request of a cost on its arrival, as if its class had room. If its queue is not empty,
   * returns false and does nothing.
   */
  public boolean pass(FakeFlow flow, EligibilityClass needs, long cost) {
    var queue = queue(flow, needs);
    if (queue.size() > 0 || blocked.contains(flow)) {
      return false;
    }
    policy.dispatchedAtOnce(queue, cost);
    return true;
  }

  /** The queue that the policy would serve if these classes had room, or null. Changes nothing. */
  public @Nullable FakeFlowQueue best(List<EligibilityClass> open) {
    FakeFlowQueue best = null;
    for (var needs : open) {
      var next = (FakeFlowQueue) policy.next(needs, 0);
      if (next != null && (best == null || policy.precedes(next, best, 0))) {
        best = next;
      }
    }
    return best;
  }

  /** Serves the best queue among classes with room. Returns the request, or null if none waits. */
  public @Nullable QueueItem serve(List<EligibilityClass> open) {
    var best = best(open);
    var head = best == null ? null : best.head();
    if (best == null || head == null) {
      return null;
    }
    best.remove(head);
    policy.dispatched(best, head.estimatedCost());
    deactivateIfEmpty(best);
    return head;
  }

  /** Serves the best queue among classes with room. A request must wait in one of them. */
  public QueueItem serveOne(List<EligibilityClass> open) {
    var served = serve(open);
    if (served == null) {
      throw new AssertionError("no request was served of " + active);
    }
    return served;
  }

  /** Takes a queued request out without serving it. */
  public void cancel(FakeFlowQueue queue, QueueItem item) {
    var wasHead = queue.head() == item;
    queue.remove(item);
    if (active.contains(queue)) {
      if (queue.size() == 0) {
        deactivateIfEmpty(queue);
      } else if (wasHead) {
        policy.headChanged(queue);
      }
    }
  }

  /** Stops serving a flow, as if it had as much running as it may. */
  public void block(FakeFlow flow) {
    if (blocked.add(flow)) {
      for (var queue : queuesOf(flow)) {
        if (active.remove(queue)) {
          policy.deactivated(queue);
        }
      }
    }
  }

  /** Serves a flow again. */
  public void unblock(FakeFlow flow) {
    if (blocked.remove(flow)) {
      for (var queue : queuesOf(flow)) {
        if (queue.size() > 0 && active.add(queue)) {
          policy.activated(queue);
        }
      }
    }
  }

  /** The queues that the policy may name. */
  public Set<FakeFlowQueue> active() {
    return active;
  }

  /** All queues, empty ones included. */
  public List<FakeFlowQueue> queues() {
    return List.copyOf(queues.values());
  }

  /** A flow's queue of a class; made if there is none. */
  public FakeFlowQueue queue(FakeFlow flow, EligibilityClass needs) {
    return queues.computeIfAbsent(
        new Place(flow, needs), place -> new FakeFlowQueue(place.flow(), place.needs()));
  }

  private List<FakeFlowQueue> queuesOf(FakeFlow flow) {
    var found = new ArrayList<FakeFlowQueue>();
    for (var queue : queues.values()) {
      if (queue.flow() == flow) {
        found.add(queue);
      }
    }
    return found;
  }

  private void deactivateIfEmpty(FakeFlowQueue queue) {
    if (queue.size() == 0 && active.remove(queue)) {
      policy.deactivated(queue);
    }
  }
}
