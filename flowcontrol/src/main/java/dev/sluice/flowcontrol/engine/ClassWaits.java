package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.structures.IntrusiveList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The queued requests by their eligibility class, and since when no healthy endpoint serves a
 * class. A class whose endpoints are all gone is, to its requests, a pool without endpoints: none
 * of them waits longer for it than for that. O(1) for each request; O(classes * endpoints) when
 * endpoints change, O(classes) to find the next end.
 */
final class ClassWaits {

  /** The queued requests of one class, in the order of arrival. */
  private static final class Waits extends IntrusiveList<QueuedRequest> {
    final EligibilityClass needs;
    boolean isUnserved;
    long unservedSinceNanos;

    Waits(EligibilityClass needs) {
      this.needs = needs;
    }

    @Override
    public @Nullable QueuedRequest previous(QueuedRequest request) {
      return request.previousOfClass();
    }

    @Override
    public @Nullable QueuedRequest next(QueuedRequest request) {
      return request.nextOfClass();
    }

    @Override
    protected void linkPrevious(QueuedRequest request, @Nullable QueuedRequest previous) {
      request.linkPreviousOfClass(previous);
    }

    @Override
    protected void linkNext(QueuedRequest request, @Nullable QueuedRequest next) {
      request.linkNextOfClass(next);
    }
  }

  private final ArrayList<@Nullable Waits> byIndex = new ArrayList<>();
  private List<EndpointState> endpoints = List.of();

  /** Takes over a picture of the pool. */
  void poolChanged(PoolSnapshot snapshot, long nowNanos) {
    var before = endpoints;
    endpoints = snapshot.endpoints();
    if (EndpointLimits.isTheSame(before, endpoints)) {
      return;
    }
    for (var waits : byIndex) {
      if (waits != null) {
        look(waits, nowNanos);
      }
    }
  }

  void add(QueuedRequest request, long nowNanos) {
    of(request.queue().eligibilityClass(), nowNanos).add(request);
  }

  void remove(QueuedRequest request) {
    of(request.queue().eligibilityClass(), 0).remove(request); // it is known since the addition
  }

  /** Whether no healthy endpoint serves the request. */
  boolean isUnserved(QueuedRequest request) {
    return of(request.queue().eligibilityClass(), 0).isUnserved;
  }

  /** The end of a queued request's time by the budget without endpoints; NEVER for none. */
  private static long end(Waits waits, QueuedRequest request, long budgetNanos) {
    var enqueued = request.enqueuedAtNanos();
    var since = waits.unservedSinceNanos;
    return (since - enqueued > 0 ? since : enqueued) + budgetNanos;
  }

  /**
   * A request whose time is over because nothing has served its class for as long as its budget
   * says; null if there is none.
   */
  @Nullable QueuedRequest firstOver(long budgetNanos, long nowNanos) {
    if (budgetNanos == NextDue.NEVER) {
      return null;
    }
    for (var i = 0; i < byIndex.size(); i++) {
      var waits = byIndex.get(i);
      var first = waits == null || !waits.isUnserved ? null : waits.first();
      if (waits != null && first != null && end(waits, first, budgetNanos) - nowNanos <= 0) {
        return first;
      }
    }
    return null;
  }

  /** The earliest time at which {@link #firstOver} finds a request; NEVER for none. */
  long nextEnd(long budgetNanos) {
    var earliest = NextDue.NEVER;
    if (budgetNanos == NextDue.NEVER) {
      return earliest;
    }
    for (var waits : byIndex) {
      var first = waits == null || !waits.isUnserved ? null : waits.first();
      if (waits != null && first != null) {
        earliest = NextDue.earlier(earliest, end(waits, first, budgetNanos));
      }
    }
    return earliest;
  }

  /** The end of one request's time by the budget without endpoints, as things are; or NEVER. */
  long end(QueuedRequest request, long budgetNanos) {
    var waits = of(request.queue().eligibilityClass(), 0);
    return waits.isUnserved && budgetNanos != NextDue.NEVER
        ? end(waits, request, budgetNanos)
        : NextDue.NEVER;
  }

  private Waits of(EligibilityClass needs, long nowNanos) {
    while (byIndex.size() <= needs.index()) {
      byIndex.add(null);
    }
    var known = byIndex.get(needs.index());
    if (known != null && known.needs == needs) {
      return known;
    }
    var made = new Waits(needs);
    byIndex.set(needs.index(), made);
    look(made, nowNanos);
    return made;
  }

  private void look(Waits waits, long nowNanos) {
    var isServed = false;
    for (var i = 0; i < endpoints.size() && !isServed; i++) {
      isServed = endpoints.get(i).serves(waits.needs.needs());
    }
    if (waits.isUnserved == isServed) {
      waits.isUnserved = !isServed;
      waits.unservedSinceNanos = nowNanos;
    }
  }
}
