package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.engine.PendingRequest.State;
import dev.sluice.flowcontrol.registry.Band;
import dev.sluice.flowcontrol.registry.ClassSlot;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.registry.TenantQueue;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.RejectReason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The queued requests, and the only way into and out of a queue. A queued request is in its flow's
 * queue, in the order of arrival and, if its time can end, among the deadlines; it leaves all of
 * them at once.
 */
final class Waiting {
  private final FlowRegistry registry;
  private final Budgets budgets;
  private final RetryAfter retryAfter;
  private final NextDue nextDue;
  private final ArrivalOrder arrivals = new ArrivalOrder();
  private final ClassWaits classes = new ClassWaits();
  private final Deadlines deadlines;
  private long nextSequence = 1;

  Waiting(
      Round round, FlowRegistry registry, Budgets budgets, RetryAfter retryAfter, NextDue nextDue) {
    this.registry = registry;
    this.budgets = budgets;
    this.retryAfter = retryAfter;
    this.nextDue = nextDue;
    deadlines =
        new Deadlines(round.nowNanos(), request -> budgets.earliestEnd(request, round.nowNanos()));
  }

  /** The queued requests in the order of their arrival. */
  ArrivalOrder inOrderOfArrival() {
    return arrivals;
  }

  boolean isEmpty() {
    return arrivals.first() == null;
  }

  // In

  /** Queues a request that has passed every limit. If its queue's plugin fails, it is refused. */
  void enqueue(Round round, PendingRequest request) {
    var now = round.nowNanos();
    var queue = request.queue();
    var ttl = budgets.ttlNanos(request.request(), queue.flow().band().config());
    var patience = deadlines.patience(ttl, budgets.longestWaitNanos(ttl));
    var place = new QueuedRequest(request, nextSequence++, now, patience);
    if (!queue.items().offer(place)) {
      round.reject(request, RejectReason.OTHER, "the queue's plugin failed");
      evictAll(round, queue);
      return;
    }
    request.queuedAt(place);
    request.moveTo(State.QUEUED);
    arrivals.add(place);
    classes.add(place, now);
    registry.added(queue, place);
    retryAfter.queued(queue.flow(), now);
    round.add(Effects.Kind.QUEUED, request, null);
    deadlines.add(place);
    nextDue.by(place.deadlineNanos());
    nextDue.by(budgets.endWithoutEndpoints(place));
    nextDue.by(classes.end(place, budgets.noEndpointTtlNanos()));
  }

  // Out

  /**
   * Takes a request out of its queue, without booking that in the registry.
   *
   * @return false if the queue's plugin failed. All requests that it held have then been evicted,
   *     this one included.
   */
  boolean take(Round round, QueuedRequest request) {
    var queue = request.queue();
    if (!queue.items().remove(request)) {
      evictAll(round, queue);
      return false;
    }
    arrivals.remove(request);
    classes.remove(request);
    deadlines.remove(request);
    return true;
  }

  /** Takes a request out of its queue for good. */
  void evict(Round round, QueuedRequest request, EvictReason reason, String detail) {
    var queue = request.queue();
    var wasHead = queue.head() == request;
    if (take(round, request)) {
      registry.removed(queue, request, wasHead, round.nowNanos());
      evicted(round, request, reason, detail);
    }
  }

  /**
   * Evicts all requests of a queue whose plugin failed, and gives the queue a new plugin.
   * O(queued).
   */
  void evictAll(Round round, FlowQueue failed) {
    for (var entry : arrivals) {
      if (entry.queue() == failed && entry.item() instanceof QueuedRequest request) {
        arrivals.remove(request);
        classes.remove(request);
        deadlines.remove(request);
        registry.removed(failed, request, false, round.nowNanos());
        evicted(round, request, EvictReason.OTHER, "the queue's plugin failed");
      }
    }
    failed.renewItems();
  }

  private void evicted(Round round, QueuedRequest place, EvictReason reason, String detail) {
    var request = place.pending();
    request.moveTo(State.DONE);
    var flow = request.queue().flow();
    var advice =
        switch (reason) {
          case EXPIRED -> retryAfter.ofFlow(flow, round.nowNanos());
          case DISPLACED -> retryAfter.ofQueue(flow, round.nowNanos());
          case NO_ENDPOINTS, CANCELLED, SHUTTING_DOWN, OTHER -> Duration.ZERO;
        };
    var waited = Duration.ofNanos(round.nowNanos() - place.enqueuedAtNanos());
    round.add(Effects.Kind.EVICTED, request, new Admission.Evicted(reason, detail, waited, advice));
  }

  /** Evicts a request because its caller gave up. Does nothing if it is not queued (any more). */
  void cancel(Round round, PendingRequest request) {
    var place = request.place();
    if (place != null && place.isQueued()) {
      evict(round, place, EvictReason.CANCELLED, "the caller left");
    }
  }

  /**
   * Evicts all requests that are still queued when flow control closes.
   *
   * @return false if the effects are too many for one hold of the lock
   */
  boolean close(Round round) {
    for (var first = arrivals.first(); first != null; first = arrivals.first()) {
      if (round.effects().isFull()) {
        return false;
      }
      evict(
          round,
          first,
          EvictReason.SHUTTING_DOWN,
          "flow control shut down before the request's turn");
    }
    return true;
  }

  // Time

  /** Notes whether the pool has endpoints: that decides which budget a wait is charged to. */
  void poolChanged(Round round, PoolSnapshot pool) {
    budgets.poolChanged(pool.hasNoEndpoints(), round.nowNanos());
    classes.poolChanged(pool, round.nowNanos());
  }

  /** Whether the request's time is over. */
  boolean isOver(Round round, QueuedRequest request) {
    return budgets.isOver(request, round.nowNanos());
  }

  /** Evicts a request whose time is over. */
  void expire(Round round, QueuedRequest request) {
    if (budgets.isPoolEmpty()) {
      evict(
          round,
          request,
          EvictReason.NO_ENDPOINTS,
          "the request's time ended while the pool had no healthy endpoint");
    } else if (classes.isUnserved(request)) {
      evict(
          round,
          request,
          EvictReason.NO_ENDPOINTS,
          "the request's time ended while no healthy endpoint served "
              + request.request().eligibility());
    } else {
      evict(round, request, EvictReason.EXPIRED, "the request's time ended before its turn");
    }
  }

  /**
   * Evicts all requests whose time is over.
   *
   * @return false if the effects are too many for one hold of the lock
   */
  boolean expireDue(Round round) {
    var now = round.nowNanos();
    for (var first = deadlines.first();
        first != null && deadlines.nanos(first) - now <= 0;
        first = deadlines.first()) {
      if (round.effects().isHalfFull()) {
        return false;
      }
      if (budgets.isOver(first, now)) {
        expire(round, first);
      } else {
        deadlines.postpone(first, budgets.earliestEnd(first, now));
      }
    }
    // While the pool is empty all requests have the same budget, so they end in order of arrival.
    for (var first = arrivals.first();
        first != null && round.isPast(budgets.endWithoutEndpoints(first));
        first = arrivals.first()) {
      if (round.effects().isHalfFull()) {
        return false;
      }
      expire(round, first);
    }
    var budget = budgets.noEndpointTtlNanos();
    for (var first = classes.firstOver(budget, now);
        first != null;
        first = classes.firstOver(budget, now)) {
      if (round.effects().isHalfFull()) {
        return false;
      }
      expire(round, first);
    }
    return true;
  }

  /** The earliest time at which a request's time can be over; {@link NextDue#NEVER} if never. */
  long nextDueNanos() {
    var first = deadlines.first();
    var next = first == null ? NextDue.NEVER : deadlines.nanos(first);
    var oldest = arrivals.first();
    next = NextDue.earlier(next, classes.nextEnd(budgets.noEndpointTtlNanos()));
    return oldest == null ? next : NextDue.earlier(next, budgets.endWithoutEndpoints(oldest));
  }

  // Fallbacks for a policy that named no request

  /** The request of a band that arrived last. O(queued). */
  QueuedRequest lastArrivedOf(Band band) {
    for (var request = arrivals.last(); request != null; request = request.previousArrival()) {
      if (request.queue().flow().band() == band) {
        return request;
      }
    }
    throw new IllegalStateException("band " + band.priority() + " has nothing queued");
  }

  /** The servable queue of a class whose request has waited longest. O(queued). */
  FlowQueue longestWaitingOf(ClassSlot slot) {
    for (var request = arrivals.first(); request != null; request = request.nextArrival()) {
      if (request.queue().slot() == slot && request.queue().isServable()) {
        return request.queue();
      }
    }
    throw new IllegalStateException("no active queue of " + slot.eligibilityClass());
  }

  /** The flow's queue, of a tenant's, whose request has waited longest. O(queued). */
  FlowQueue longestWaitingOf(TenantQueue queue) {
    for (var request = arrivals.first(); request != null; request = request.nextArrival()) {
      if (request.queue().tenantQueue() == queue) {
        return request.queue();
      }
    }
    throw new IllegalStateException("no active queue of tenant " + queue.bandTenant().tenantId());
  }

  /** The request that {@code item} is, or null if it is not queued in {@code queue}. */
  static @Nullable QueuedRequest queuedIn(FlowQueue queue, @Nullable Object item) {
    return item instanceof QueuedRequest request && request.queue() == queue && request.isQueued()
        ? request
        : null;
  }

  /** Throws {@link AssertionError} if an invariant does not hold. O(queued). */
  void checkInvariants() {
    deadlines.checkInvariants();
    var queued = 0;
    var timers = 0;
    for (var request = arrivals.first(); request != null; request = request.nextArrival()) {
      queued++;
      timers += request.timerIndex() == QueuedRequest.NOT_TIMED ? 0 : 1;
      if (!request.isQueued()) {
        throw new AssertionError("wrong: " + request.request() + " in the arrival order");
      }
    }
    if (queued != registry.queuedRequests()
        || queued != arrivals.size()
        || timers != deadlines.size()) {
      throw new AssertionError(
          "wrong: " + queued + " in the arrival order, " + timers + " with timers");
    }
  }
}
