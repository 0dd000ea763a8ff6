package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.registry.DepartureRate;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.registry.PromisedReturns;
import java.time.Duration;

/**
 * When a refused caller may try again: when the backlog that is in its way and one request more
 * will have gone at the rate at which it goes now, and after the callers that were told to return
 * before it. Between 1 s and 5 min. O(1).
 *
 * <p>The backlog in the way is the flow's own if its own limit or share was reached. If a limit
 * over several flows was reached, it is the whole queue, and the flow's own backlog where that
 * takes longer.
 *
 * <p>Callers that are refused together would return together and be refused again. Each is
 * therefore promised a time of its own, one mean gap between departures after the one before
 * ({@link PromisedReturns}). The promises of a flow that asks again and again delay that flow; a
 * flow delays others by {@value #SHARED_PROMISES} promises at most. Callers that would have to wait
 * longer than 5 min are spread over the fifth minute.
 */
final class RetryAfter {
  private static final long LEAST_NANOS = Duration.ofSeconds(1).toNanos();
  private static final long MOST_NANOS = Duration.ofMinutes(5).toNanos();
  private static final long SPREAD_NANOS = Duration.ofMinutes(1).toNanos();

  /** Promises of one flow that push back the promises made to other flows. */
  private static final int SHARED_PROMISES = 16;

  /** The golden ratio's fraction: its multiples are spread evenly over [0, 1). */
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
    if (registry.queuedRequests() == 1) {
      ofAll.backlogBegan(nowNanos);
    }
  }

  /** A queued request was dispatched. */
  void dispatched(Flow flow, long nowNanos) {
    flow.departureRate().dispatched(nowNanos);
    ofAll.dispatched(nowNanos);
  }

  /** The advice to a caller that has to wait for the flow's own backlog. */
  Duration ofFlow(Flow flow, long nowNanos) {
    if (!flow.departureRate().isKnown()) {
      return ofQueue(flow, nowNanos);
    }
    var gap = ownGapNanos(flow, nowNanos);
    var clear = bounded(gap * (flow.queuedRequests() + 1L));
    var at = flow.promisedReturns().next(nowNanos + clear, bounded(gap), nowNanos);
    return promise(flow, at, false, nowNanos);
  }

  /** The advice to a caller that has to wait for the queue as a whole. */
  Duration ofQueue(Flow flow, long nowNanos) {
    if (registry.queuedRequests() > 0) {
      ofAll.advanceTo(nowNanos);
    }
    var queued = registry.queuedRequests() + 1L;
    var all = ofAll.isKnown() ? ofAll.meanGapNanos() * queued : ofAll.meanGapNanos();
    var own =
        flow.departureRate().isKnown()
            ? ownGapNanos(flow, nowNanos) * (flow.queuedRequests() + 1L)
            : 0;
    var earliest = nowNanos + bounded(Math.max(all, own));
    var gap = bounded(all / queued);
    var mine = flow.promisedReturns();
    var at = mine.next(earliest, gap, nowNanos);
    var isShared = mine.outstanding(nowNanos) < SHARED_PROMISES;
    if (isShared) {
      at = Math.max(at - nowNanos, toAll.next(earliest, gap, nowNanos) - nowNanos) + nowNanos;
    }
    return promise(flow, at, isShared, nowNanos);
  }

  private static double ownGapNanos(Flow flow, long nowNanos) {
    var rate = flow.departureRate();
    if (flow.queuedRequests() > 0) {
      rate.advanceTo(nowNanos);
    }
    return rate.meanGapNanos();
  }

  private Duration promise(Flow flow, long atNanos, boolean isShared, long nowNanos) {
    var wait = Math.max(LEAST_NANOS, atNanos - nowNanos);
    if (wait > MOST_NANOS) {
      spread = (spread + GOLDEN) % 1.0;
      wait = MOST_NANOS - (long) (spread * SPREAD_NANOS);
    }
    flow.promisedReturns().promise(nowNanos + wait, nowNanos);
    if (isShared) {
      toAll.promise(nowNanos + wait, nowNanos);
    }
    return Duration.ofNanos(wait);
  }

  private static long bounded(double nanos) {
    return (long) Math.min(nanos, 2.0 * MOST_NANOS);
  }
}
