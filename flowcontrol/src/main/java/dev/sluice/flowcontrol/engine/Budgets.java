package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.types.FlowControlRequest;

/**
 * The rules on how long a queued request may wait. There are two regimes: while the pool has
 * endpoints, a wait is charged to the request's time to live, and while it has none, to {@code
 * noEndpointTtl}. When the regime changes, the budget that is in force from then on begins afresh;
 * the sum of all waits is bounded by the larger of the two.
 */
final class Budgets {
  private static final long NEVER = NextDue.NEVER;

  private long defaultTtlNanos;
  private long noEndpointTtlNanos;
  private boolean poolEmpty = true;
  private boolean regimeChanged;
  private long regimeSinceNanos;

  Budgets(FlowControlConfig config) {
    configure(config);
  }

  /** Takes over a configuration; requests that are queued keep the budgets they have. */
  void configure(FlowControlConfig config) {
    defaultTtlNanos = config.defaultTtl().toNanos();
    noEndpointTtlNanos = orNever(config.noEndpointTtl().toNanos());
  }

  /** Notes whether the pool has endpoints. */
  void poolChanged(boolean nowEmpty, long nowNanos) {
    if (nowEmpty != poolEmpty) {
      poolEmpty = nowEmpty;
      regimeChanged = true;
      regimeSinceNanos = nowNanos;
    }
  }

  boolean isPoolEmpty() {
    return poolEmpty;
  }

  /**
   * The time to live of a request: its own, its band's, or the default; {@link #NEVER} for none.
   */
  long ttlNanos(FlowControlRequest request, BandConfig band) {
    var ttl = request.ttlNanos();
    if (ttl == FlowControlRequest.UNSET) {
      var ofBand = band.timeToLive();
      ttl = ofBand.equals(BandConfig.DEFAULT_TTL) ? defaultTtlNanos : ofBand.toNanos();
    }
    return orNever(ttl);
  }

  /**
   * The time that a request may wait for a pool without endpoints; {@link #NEVER} means for ever.
   */
  long noEndpointTtlNanos() {
    return noEndpointTtlNanos;
  }

  /** The time that a request with this time to live may wait in all. */
  long longestWaitNanos(long ttlNanos) {
    return ttlNanos == NEVER || noEndpointTtlNanos == NEVER
        ? NEVER
        : Math.max(ttlNanos, noEndpointTtlNanos);
  }

  private static long orNever(long ttlNanos) {
    return ttlNanos == 0 || ttlNanos > Long.MAX_VALUE / 2 ? NEVER : ttlNanos;
  }

  /** The time from which the present regime's budget is charged. */
  private long chargedFrom(QueuedRequest request) {
    var enqueued = request.enqueuedAtNanos();
    return regimeChanged && regimeSinceNanos - enqueued > 0 ? regimeSinceNanos : enqueued;
  }

  /** Whether the request's time is over: its deadline, its budget, or the longest wait in all. */
  boolean isOver(QueuedRequest request, long nowNanos) {
    var deadline = request.request().deadlineNanos();
    if (deadline != FlowControlRequest.UNSET && deadline - nowNanos <= 0) {
      return true;
    }
    var patience = request.patience();
    var budget = poolEmpty ? noEndpointTtlNanos : patience.ttlNanos();
    if (budget != NEVER && nowNanos - chargedFrom(request) >= budget) {
      return true;
    }
    return patience.longestWaitNanos() != NEVER
        && nowNanos - request.enqueuedAtNanos() >= patience.longestWaitNanos();
  }

  /**
   * The end of a request's time while the pool has no endpoints; {@link #NEVER} if it does not end.
   */
  long endWithoutEndpoints(QueuedRequest request) {
    return poolEmpty && noEndpointTtlNanos != NEVER
        ? chargedFrom(request) + noEndpointTtlNanos
        : NEVER;
  }

  /**
   * The earliest time at which a request whose time is not over now can come to its end otherwise
   * than by {@link #endWithoutEndpoints}. While the pool is empty the time to live is not charged,
   * but may be from now on.
   */
  long earliestEnd(QueuedRequest request, long nowNanos) {
    var patience = request.patience();
    var from = poolEmpty ? nowNanos : chargedFrom(request);
    var end = patience.ttlNanos() == NEVER ? NEVER : from + patience.ttlNanos();
    var deadline = request.request().deadlineNanos();
    if (deadline != FlowControlRequest.UNSET && (end == NEVER || deadline - end < 0)) {
      end = deadline;
    }
    if (patience.longestWaitNanos() != NEVER) {
      var bound = request.enqueuedAtNanos() + patience.longestWaitNanos();
      if (end == NEVER || bound - end < 0) {
        end = bound;
      }
    }
    return end;
  }
}
