package dev.sluice.observability.audit;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * Checks the engine by its own events, and shares no code with it. It puts the events back into the
 * order of the decisions by their sequence numbers, keeps its own books of who waits and who runs,
 * and counts what must not be:
 *
 * <ul>
 *   <li>a dispatch while a more important request with the same needs waits (except reserved
 *       turns);
 *   <li>a dispatch after the request's deadline;
 *   <li>a request that gives way to nobody, or to one that is not more important;
 *   <li>an event that contradicts earlier ones: two outcomes of one request, a permit that comes
 *       back twice, an outcome of a request that was never queued.
 * </ul>
 *
 * <p>A request is known by its identity, so each object should be offered once at a time. Needs are
 * compared whole: a request that waits for another model excuses nobody and is no excuse. A waiting
 * request whose tenant runs all that it may is no inversion's victim, if the auditor was told of
 * the limits.
 *
 * <p>Thread-safe, and blocks no caller: whoever finds the books free keeps them for all. An event
 * costs O(log bands), memory grows with waiting and running requests. An engine has one auditor,
 * from its beginning.
 */
public final class Auditor implements EngineObserver {
  private static final int KEPT_FINDINGS = 20;
  private static final int MOST_UNREAD = 1 << 20;

  private enum Kind {
    QUEUED,
    DISPATCHED,
    DISPATCHED_AT_ONCE,
    DISPATCHED_BY_RESERVATION,
    REJECTED,
    DISPLACED,
    EVICTED,
    RETURNED,
    RECLAIMED,
    OTHER
  }

  private record Event(
      long sequence, Kind kind, long nowNanos, @Nullable FlowControlRequest request) {}

  private final ToLongFunction<String> maxRunningRequests;
  private final ConcurrentLinkedQueue<Event> arrived = new ConcurrentLinkedQueue<>();

  /** Guards everything below. */
  private final ReentrantLock lock = new ReentrantLock();

  private final PriorityQueue<Event> unread =
      new PriorityQueue<>(Comparator.comparingLong(Event::sequence));
  private final Map<FlowControlRequest, Integer> waiting = new HashMap<>();
  private final Map<FlowControlRequest, Integer> running = new HashMap<>();
  private final Map<Eligibility, TreeMap<Integer, Map<String, Integer>>> waitingTenants =
      new HashMap<>();
  private final TreeMap<Integer, Integer> waitingByPriority = new TreeMap<>();
  private final Map<String, Integer> runningByTenant = new HashMap<>();
  private final List<FlowControlRequest> victims = new ArrayList<>();
  private final List<String> findings = new ArrayList<>();
  private long nextSequence = 1;
  private long submitted;
  private long dispatched;
  private long rejected;
  private long evicted;
  private long returned;
  private long reclaimed;
  private long waitingRequests;
  private long runningRequests;
  private long waitingBytes;
  private long mostWaiting;
  private long mostWaitingBytes;
  private long inversions;
  private long reservedTurns;
  private long lateDispatches;
  private long vainDisplacements;
  private long contradictions;

  /** Audits an engine whose tenants may run as much as they like. */
  public Auditor() {
    this(tenant -> 0);
  }

  /**
   * Audits an engine whose tenants' running requests are limited.
   *
   * @param maxRunningRequests the limit of a tenant, 0 for none; called often, and must not block
   */
  public Auditor(ToLongFunction<String> maxRunningRequests) {
    this.maxRunningRequests = maxRunningRequests;
  }

  /** What was counted so far, of the events that have arrived without a gap before them. */
  public AuditReport report() {
    lock.lock();
    try {
      read();
      return new AuditReport(
          submitted,
          dispatched,
          rejected,
          evicted,
          returned,
          reclaimed,
          waitingRequests,
          runningRequests,
          mostWaiting,
          mostWaitingBytes,
          inversions,
          reservedTurns,
          lateDispatches,
          vainDisplacements,
          contradictions,
          unread.size(),
          findings);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void queued(long sequence, long nowNanos, FlowControlRequest request) {
    arrived(sequence, Kind.QUEUED, nowNanos, request);
  }

  @Override
  public void dispatched(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      long waitedNanos,
      boolean fromQueue,
      boolean reservedTurn) {
    var fromThere = reservedTurn ? Kind.DISPATCHED_BY_RESERVATION : Kind.DISPATCHED;
    arrived(sequence, fromQueue ? fromThere : Kind.DISPATCHED_AT_ONCE, nowNanos, request);
  }

  @Override
  public void rejected(
      long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
    arrived(sequence, Kind.REJECTED, nowNanos, request);
  }

  @Override
  public void evicted(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      EvictReason reason,
      long waitedNanos) {
    var kind = reason == EvictReason.DISPLACED ? Kind.DISPLACED : Kind.EVICTED;
    arrived(sequence, kind, nowNanos, request);
  }

  @Override
  public void returned(
      long sequence,
      long nowNanos,
      FlowControlRequest request,
      Usage usage,
      long ranNanos,
      boolean reclaimed) {
    arrived(sequence, reclaimed ? Kind.RECLAIMED : Kind.RETURNED, nowNanos, request);
  }

  @Override
  public void poolChanged(long sequence, long nowNanos, double saturation) {
    arrived(sequence, Kind.OTHER, nowNanos, null);
  }

  @Override
  public void reconfigured(long sequence, long nowNanos) {
    arrived(sequence, Kind.OTHER, nowNanos, null);
  }

  @Override
  public void flowCollected(long sequence, long nowNanos, FlowKey flow) {
    arrived(sequence, Kind.OTHER, nowNanos, null);
  }

  @Override
  public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
    arrived(sequence, Kind.OTHER, nowNanos, null);
  }

  private void arrived(
      long sequence, Kind kind, long nowNanos, @Nullable FlowControlRequest request) {
    arrived.add(new Event(sequence, kind, nowNanos, request));
    // Looks again after unlocking: an event that came meanwhile found the lock taken.
    while (!arrived.isEmpty() && lock.tryLock()) {
      try {
        read();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Reads what has arrived, in the order of the decisions, as far as it is without gaps. */
  private void read() {
    assert lock.isHeldByCurrentThread();
    for (var event = arrived.poll(); event != null; event = arrived.poll()) {
      unread.add(event);
    }
    for (var first = unread.peek(); first != null; first = unread.peek()) {
      if (first.sequence > nextSequence) {
        if (unread.size() < MOST_UNREAD) {
          return;
        }
        contradiction("events " + nextSequence + " to " + (first.sequence - 1) + " never came");
        nextSequence = first.sequence;
      }
      unread.remove();
      if (first.sequence < nextSequence) {
        contradiction("event " + first.sequence + " came twice");
      } else {
        nextSequence++;
        check(first);
      }
    }
  }

  private void check(Event event) {
    var request = event.request;
    if (request == null) {
      return;
    }
    switch (event.kind) {
      case QUEUED -> {
        submitted++;
        settleDisplacement(request);
        waits(request);
      }
      case DISPATCHED, DISPATCHED_BY_RESERVATION -> {
        settleDisplacement(null);
        waitsNoMore(request, "was dispatched from a queue");
        runs(event, request);
      }
      case DISPATCHED_AT_ONCE -> {
        settleDisplacement(null);
        submitted++;
        runs(event, request);
      }
      case REJECTED -> {
        settleDisplacement(null);
        submitted++;
        rejected++;
      }
      case DISPLACED -> {
        evicted++;
        waitsNoMore(request, "gave way");
        victims.add(request);
        var lowest = waitingByPriority.isEmpty() ? null : waitingByPriority.firstKey();
        if (lowest != null && lowest < request.flow().priority()) {
          contradiction(request + " gave way while priority " + lowest + " waited");
        }
      }
      case EVICTED -> {
        settleDisplacement(null);
        evicted++;
        waitsNoMore(request, "was evicted");
      }
      case RETURNED, RECLAIMED -> {
        settleDisplacement(null);
        returned++;
        reclaimed += event.kind == Kind.RECLAIMED ? 1 : 0;
        runsNoMore(request);
      }
      case OTHER -> {}
    }
  }

  private void waits(FlowControlRequest request) {
    waiting.merge(request, 1, Integer::sum);
    waitingRequests++;
    waitingBytes += request.sizeBytes();
    mostWaiting = Math.max(mostWaiting, waitingRequests);
    mostWaitingBytes = Math.max(mostWaitingBytes, waitingBytes);
    waitingByPriority.merge(request.flow().priority(), 1, Integer::sum);
    waitingTenants
        .computeIfAbsent(request.eligibility(), e -> new TreeMap<>())
        .computeIfAbsent(request.flow().priority(), p -> new HashMap<>())
        .merge(request.tenant(), 1, Integer::sum);
  }

  private void waitsNoMore(FlowControlRequest request, String how) {
    if (!takeOne(waiting, request)) {
      contradiction(request + " " + how + ", but did not wait");
      return;
    }
    waitingRequests--;
    waitingBytes -= request.sizeBytes();
    var priority = request.flow().priority();
    takeOne(waitingByPriority, priority);
    var byPriority = waitingTenants.get(request.eligibility());
    if (byPriority == null) {
      return;
    }
    var tenants = byPriority.get(priority);
    if (tenants == null) {
      return;
    }
    takeOne(tenants, request.tenant());
    if (tenants.isEmpty()) {
      byPriority.remove(priority);
    }
    if (byPriority.isEmpty()) {
      waitingTenants.remove(request.eligibility());
    }
  }

  private void runs(Event event, FlowControlRequest request) {
    dispatched++;
    var overtaken = overtaken(request);
    if (event.kind == Kind.DISPATCHED_BY_RESERVATION) {
      reservedTurns++;
    } else if (overtaken != null) {
      inversions++;
      finding(request + " was dispatched while a request of priority " + overtaken + " waited");
    }
    var deadline = request.deadlineNanos();
    if (deadline != FlowControlRequest.UNSET && event.nowNanos - deadline >= 0) {
      lateDispatches++;
      var late = event.nowNanos - deadline;
      finding(request + " was dispatched " + late + " ns after its deadline");
    }
    running.merge(request, 1, Integer::sum);
    runningByTenant.merge(request.tenant(), 1, Integer::sum);
    runningRequests++;
  }

  private void runsNoMore(FlowControlRequest request) {
    if (!takeOne(running, request)) {
      contradiction(request + " returned a permit that it did not have");
      return;
    }
    runningRequests--;
    takeOne(runningByTenant, request.tenant());
  }

  /** The highest priority that a dispatch passes over, or null. */
  private @Nullable Integer overtaken(FlowControlRequest request) {
    var byPriority = waitingTenants.get(request.eligibility());
    if (byPriority == null) {
      return null;
    }
    for (var band :
        byPriority.tailMap(request.flow().priority(), false).descendingMap().entrySet()) {
      for (var tenant : band.getValue().keySet()) {
        var limit = maxRunningRequests.applyAsLong(tenant);
        if (limit == 0 || runningByTenant.getOrDefault(tenant, 0) < limit) {
          return band.getKey();
        }
      }
    }
    return null;
  }

  /** Whoever gave way did so for the request that is queued next. */
  private void settleDisplacement(@Nullable FlowControlRequest newcomer) {
    for (var victim : victims) {
      if (newcomer == null) {
        vainDisplacements++;
        finding(victim + " gave way to nobody");
      } else if (newcomer.flow().priority() <= victim.flow().priority()) {
        vainDisplacements++;
        finding(victim + " gave way to " + newcomer);
      }
    }
    victims.clear();
  }

  private static <K> boolean takeOne(Map<K, Integer> counts, K key) {
    var count = counts.get(key);
    if (count == null) {
      return false;
    }
    if (count == 1) {
      counts.remove(key);
    } else {
      counts.put(key, count - 1);
    }
    return true;
  }

  private void contradiction(String what) {
    contradictions++;
    finding(what);
  }

  private void finding(String what) {
    if (findings.size() < KEPT_FINDINGS) {
      findings.add(what);
    }
  }
}
