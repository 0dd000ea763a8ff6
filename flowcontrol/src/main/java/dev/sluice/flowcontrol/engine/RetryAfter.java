package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.registry.DepartureRate;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.registry.PromisedReturns;
import java.time.Duration;

/**
 * The advice to refused callers: a time at which the backlog in the caller's way, and one request
 * more, will have gone at the present rate. Callers that were told to return before are counted.
 * Between 1 s and 5 min. O(1).
 *
 * <p>Which backlog is in the way depends on the limit that was reached. It is the flow's or the
 * tenant's own backlog if a limit or share of its own was reached. If a limit over several tenants
 * was reached, it is the whole queue, or the flow's own backlog if that takes longer.
 *
 * <p>Callers that are refused together would return together and be refused again. Each caller is
 * therefore promised a time of its own, one mean gap between departures after the previous one
 * ({@link PromisedReturns}). A flow that asks again and again delays itself by each promise, but
 * other flows by at most {@value #SHARED_PROMISES} promises. If the time would be longer than 5
 * min, the caller is told a time in the fifth minute; these times are spread over that minute.
 */
final class RetryAfter {
  private static final long LEAST_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long MOST_NANOS = Duration.ofMinutes(5).toNanos();
  private static final long SPREAD_NANOS = Duration.ofMinutes(1).toNanos();

  /** Promises of one flow that push back the promises made to other flows. */
  private static final int SHARED_PROMISES = 16;

  /** The fraction of the golden ratio: its multiples are spread evenly over [0, 1). */
  private static final double GOLDEN = 0.618_033_988_749_895;

  private final FlowRegistry registry;
  private final DepartureRate ofAll = new DepartureRate();
  private final PromisedReturns toAll = new PromisedReturns();
  private double spread;

  RetryAfter(FlowRegistry registry) {
    this.registry = registry;
  }

  /** A request was queued. */
  void queued(Flow flow, long nowNanos) {
    if (flow.queuedRequests() == 1) {
      flow.departureRate().backlogBegan(nowNanos);
    }
    var tenant = flow.tenant();
    if (tenant.queuedRequests() == 1) {
      tenant.departureRate().backlogBegan(nowNanos);
    }
    if (registry.queuedRequests() == 1) {
      ofAll.backlogBegan(nowNanos);
    }
  }

  /** A queued request was dispatched. */
  void dispatched(Flow flow, long nowNanos) {
    flow.departureRate().dispatched(nowNanos);
    flow.tenant().departureRate().dispatched(nowNanos);
    ofAll.dispatched(nowNanos);
  }

  /** The advice to a caller that has to wait for the flow's own backlog. */
  Duration ofFlow(Flow flow, long nowNanos) {
    var rate = flow.departureRate();
    return rate.isKnown()
        ? ofOwn(rate, flow.promisedReturns(), flow.queuedRequests(), nowNanos)
        : ofQueue(flow, nowNanos);
  }

  /** The advice to a caller that has to wait for the backlog of its tenant's flows. */
  Duration ofTenant(Flow flow, long nowNanos) {
    var tenant = flow.tenant();
    var rate = tenant.departureRate();
    return rate.isKnown()
        ? ofOwn(rate, tenant.promisedReturns(), tenant.queuedRequests(), nowNanos)
        : ofQueue(flow, nowNanos);
  }

  private Duration ofOwn(DepartureRate rate, PromisedReturns mine, int queued, long nowNanos) {
    var gap = gapNanos(rate, queued, nowNanos);
    var clear = bounded(gap * (queued + 1L));
    var wait = told(mine.next(nowNanos + clear, bounded(gap), nowNanos) - nowNanos);
    mine.promise(nowNanos + wait, nowNanos);
    return Duration.ofNanos(wait);
  }

  /** The advice to a caller that has to wait for the queue as a whole. */
  Duration ofQueue(Flow flow, long nowNanos) {
    var queued = registry.queuedRequests();
    var gap = gapNanos(ofAll, queued, nowNanos);
    var all = ofAll.isKnown() ? gap * (queued + 1L) : gap;
    var own = flow.departureRate().isKnown() ? ownClearNanos(flow, nowNanos) : 0;
    var earliest = nowNanos + bounded(Math.max(all, own));
    var between = bounded(all / (queued + 1L));
    var mine = flow.promisedReturns();
    var wait = mine.next(earliest, between, nowNanos) - nowNanos;
    var isShared = mine.outstanding(nowNanos) < SHARED_PROMISES;
    if (isShared) {
      wait = Math.max(wait, toAll.next(earliest, between, nowNanos) - nowNanos);
    }
    wait = told(wait);
    mine.promise(nowNanos + wait, nowNanos);
    if (isShared) {
      toAll.promise(nowNanos + wait, nowNanos);
    }
    return Duration.ofNanos(wait);
  }

  private static double ownClearNanos(Flow flow, long nowNanos) {
    var queued = flow.queuedRequests();
    return gapNanos(flow.departureRate(), queued, nowNanos) * (queued + 1L);
  }

  private static double gapNanos(DepartureRate rate, int queued, long nowNanos) {
    if (queued > 0) {
      rate.advanceTo(nowNanos);
    }
    return rate.meanGapNanos();
  }

  /**
   * The time that is told in place of {@code nanos}: within bounds, and spread at the upper one.
   */
  private long told(long nanos) {
    if (nanos <= MOST_NANOS) {
      return Math.max(LEAST_NANOS, nanos);
    }
    spread = (spread + GOLDEN) % 1.0;
    return MOST_NANOS - (long) (spread * SPREAD_NANOS);
  }

  private static long bounded(double nanos) {
    return (long) Math.min(nanos, 2.0 * MOST_NANOS);
  }
}
