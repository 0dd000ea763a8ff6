package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.model.Knobs.Fairness;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * An inter-flow dispatch policy: decides between the flows of a tenant, or between the tenants of a
 * band. An owner of queues is a flow in the first case and a tenant in the second.
 *
 * <p>The policy remembers what {@code round-robin} and {@code virtual-token} need. A turn is a
 * number; the lowest goes first. An owner's service is the cost charged to it, divided by its
 * weight, and starts at the virtual time, which is the service of the owner last dispatched from.
 */
final class NaiveFairness {
  final Fairness policy;

  /** The queues with requests that may be dispatched. */
  private final Set<QueueKey> active = new LinkedHashSet<>();

  private final Map<QueueKey, Long> turnOfQueue = new HashMap<>();
  private final Map<FlowKey, Long> turnOfOwner = new HashMap<>();
  private final Map<FlowKey, Double> service = new HashMap<>();

  /** The eligibility classes that had no room when a request of another class was dispatched. */
  private final Set<String> skipped = new TreeSet<>();

  /** Another one as soon as no queue is active. */
  private Object period = new Object();

  private double virtualTime;
  private double mostService;
  private long lastTurn;

  NaiveFairness(Fairness policy) {
    this.policy = policy;
  }

  boolean isActive() {
    return !active.isEmpty();
  }

  /** The classes of active queues. */
  Set<String> models() {
    var models = new TreeSet<String>();
    active.forEach(queue -> models.add(queue.model()));
    return models;
  }

  Object period() {
    return period;
  }

  /** Replaces the active queues. Each new one takes the last turn, in the given order. */
  void activate(List<QueueKey> queues) {
    if (queues.isEmpty() && !active.isEmpty()) {
      period = new Object();
    }
    active.removeIf(queue -> !queues.contains(queue));
    skipped.retainAll(models());
    for (var queue : queues) {
      if (active.contains(queue)) {
        continue;
      }
      turnOfQueue.put(queue, ++lastTurn);
      if (active.stream().noneMatch(other -> other.owner().equals(queue.owner()))) {
        turnOfOwner.put(queue.owner(), lastTurn);
      }
      lift(queue.owner());
      active.add(queue);
    }
    endBusyPeriod();
  }

  /** The active queue of these classes that goes next. */
  Optional<QueueKey> next(Set<String> models, Function<QueueKey, NaiveRequest> headOf) {
    return next(active.stream().filter(queue -> models.contains(queue.model())).toList(), headOf);
  }

  /** The queue that goes next among these active queues. */
  Optional<QueueKey> next(Collection<QueueKey> queues, Function<QueueKey, NaiveRequest> headOf) {
    var byTurn = Comparator.<QueueKey>comparingLong(q -> turnOfQueue.getOrDefault(q, 0L));
    var order =
        switch (policy) {
          case ROUND_ROBIN -> byTurn;
          case BEST_HEAD -> Comparator.comparing(headOf, NaiveRequest.ORDER);
          case VIRTUAL_TOKEN ->
              Comparator.<QueueKey>comparingDouble(q -> service.getOrDefault(q.owner(), 0.0))
                  .thenComparingLong(q -> turnOfOwner.getOrDefault(q.owner(), 0L))
                  .thenComparing(byTurn);
        };
    return queues.stream().min(order);
  }

  /** Ends the owner's turn: its queues go behind all others, the queue that was served last. */
  void dispatched(QueueKey queue, double weightedCost) {
    virtualTime = Math.max(virtualTime, service.getOrDefault(queue.owner(), 0.0));
    charge(queue.owner(), weightedCost);
    turnOfOwner.put(queue.owner(), ++lastTurn);
    active.stream()
        .filter(other -> other.owner().equals(queue.owner()) && !other.equals(queue))
        .sorted(Comparator.comparingLong(turnOfQueue::get))
        .toList()
        .forEach(other -> turnOfQueue.put(other, ++lastTurn));
    turnOfQueue.put(queue, ++lastTurn);
  }

  /** Adds to an owner's service. An owner that the policy has not met yet starts at V. */
  void charge(FlowKey owner, double weightedCost) {
    var after = service.getOrDefault(owner, virtualTime) + weightedCost;
    service.put(owner, after);
    mostService = Math.max(mostService, after);
    endBusyPeriod();
  }

  /** Notes the classes of active queues that are skipped. */
  void skip(Predicate<String> isSkipped) {
    models().stream().filter(isSkipped).forEach(skipped::add);
  }

  /** Lifts the owners in classes that have room again: while skipped, they earn no credit. */
  void reopen(Predicate<String> hasRoom) {
    var reopened = new TreeSet<>(skipped);
    reopened.removeIf(hasRoom.negate());
    skipped.removeAll(reopened);
    active.stream()
        .filter(queue -> reopened.contains(queue.model()))
        .forEach(queue -> lift(queue.owner()));
  }

  private void lift(FlowKey owner) {
    service.merge(owner, virtualTime, Math::max);
  }

  private void endBusyPeriod() {
    if (active.isEmpty()) {
      virtualTime = mostService;
    }
  }

  /** True if the owner had more than its share of service. */
  boolean owes(FlowKey owner) {
    return policy == Fairness.VIRTUAL_TOKEN
        && service.getOrDefault(owner, virtualTime) > virtualTime;
  }

  void forget(FlowKey owner) {
    service.remove(owner);
    turnOfOwner.remove(owner);
    turnOfQueue.keySet().removeIf(queue -> queue.owner().equals(owner));
  }
}
