package dev.sluice.observability.audit;

import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.observability.audit.Event.Kind;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An observer that checks the engine by the engine's own events, and shares no code with it. The
 * auditor puts the events back into the order of the decisions by their sequence numbers. It keeps
 * its own books of waiting and running requests, and counts what must never happen:
 *
 * <ul>
 *   <li>A request is dispatched while a more important request with the same needs waits, unless
 *       the turn was reserved.
 *   <li>A request is dispatched after its deadline.
 *   <li>A request gives way, but no request takes its place, or one that has no right to it. A more
 *       important request has that right. So has a request of the same priority whose tenant then
 *       has at most as much queued for its weight as the tenant that lost its place. Between two
 *       flows of one tenant, the flows' backlogs are compared.
 *   <li>An event contradicts earlier ones: a request has two outcomes, a permit comes back twice,
 *       or a request that was never queued leaves a queue.
 * </ul>
 *
 * <p>The auditor knows a request by its identity, so a request object must not be offered again
 * before it has ended. Needs are compared as a whole: a request for one model cannot be overtaken
 * by a request for another. If the auditor was told of a tenant's limit on running requests, a
 * waiting request of a tenant that has reached it cannot be overtaken either.
 *
 * <p>Thread-safe, and never blocks the engine's callers: a thread that finds the books free enters
 * the events of all threads. An event costs O(log bands). Memory grows with the waiting and running
 * requests. An engine needs its auditor from the first event on, and an auditor watches one engine.
 */
public final class Auditor implements EngineObserver {
  private static final int MOST_UNREAD = 1 << 20;

  private final ConcurrentLinkedQueue<Event> arrived = new ConcurrentLinkedQueue<>();

  /** Guards all fields below. */
  private final ReentrantLock lock = new ReentrantLock();

  private final PriorityQueue<Event> unread =
      new PriorityQueue<>(Comparator.comparingLong(Event::sequence));
  private final Books books;
  private long nextSequence = 1;

  /** Audits an engine whose tenants have equal weights and no limit on running requests. */
  public Auditor() {
    this(tenant -> TenantConfig.DEFAULT);
  }

  /**
   * Audits an engine whose tenants have weights, or limits on running requests.
   *
   * @param tenants gives the configuration of the tenant with an id, which must not change while
   *     the engine runs; called often, and must not block
   */
  public Auditor(Function<String, TenantConfig> tenants) {
    books = new Books(tenants);
  }

  /** The counts so far. They cover all events up to the first that has not arrived yet. */
  public AuditReport report() {
    lock.lock();
    try {
      read();
      return books.report(unread.size());
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
    // T1 holds the lock and has read all events. T2 adds an event, finds the lock taken and leaves.
    // So T1 looks again after it has unlocked.
    while (!arrived.isEmpty() && lock.tryLock()) {
      try {
        read();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Enters the events that have arrived, in the order of the decisions, up to the first gap. */
  private void read() {
    assert lock.isHeldByCurrentThread();
    for (var event = arrived.poll(); event != null; event = arrived.poll()) {
      unread.add(event);
    }
    for (var first = unread.peek(); first != null; first = unread.peek()) {
      if (first.sequence() > nextSequence) {
        if (unread.size() < MOST_UNREAD) {
          return;
        }
        books.contradiction(
            "events " + nextSequence + " to " + (first.sequence() - 1) + " never came");
        nextSequence = first.sequence();
      }
      unread.remove();
      if (first.sequence() < nextSequence) {
        books.contradiction("event " + first.sequence() + " came twice");
      } else {
        nextSequence++;
        books.check(first);
      }
    }
  }
}
