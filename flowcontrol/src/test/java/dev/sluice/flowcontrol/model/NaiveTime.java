package dev.sluice.flowcontrol.model;

/**
 * The instants at which queued requests expire, permits are taken back, and a shutdown ends the
 * waiting.
 */
final class NaiveTime {
  private final NaiveState state;
  private boolean isShuttingDown;
  private long shutdownEnds = NaiveState.NEVER;

  NaiveTime(NaiveState state) {
    this.state = state;
  }

  NaiveRequest.TimeLimits limits(Command.Offer offer) {
    var ttl = offer.ttl();
    if (ttl == Command.Offer.UNSET) {
      ttl = state.knobs.band(offer.priority()).ttl();
    }
    if (ttl == Knobs.DEFAULT_TTL) {
      ttl = state.knobs.defaultTtl();
    }
    var withoutEndpoints = state.knobs.noEndpointTtl();
    return new NaiveRequest.TimeLimits(
        ttl,
        deadline(offer),
        ttl > 0 && withoutEndpoints > 0
            ? state.now + Math.max(ttl, withoutEndpoints) * Ticks.NANOS
            : NaiveState.NEVER);
  }

  long deadline(Command.Offer offer) {
    return offer.deadline() == Command.Offer.UNSET
        ? NaiveState.NEVER
        : state.now + offer.deadline() * Ticks.NANOS;
  }

  boolean isExpired(NaiveRequest queued) {
    return state.now >= expiry(queued);
  }

  /** A budget starts afresh whenever the pool gains its first endpoint or loses its last. */
  private long expiry(NaiveRequest queued) {
    var limits = queued.limits;
    var budget = state.isPoolEmpty() ? state.knobs.noEndpointTtl() : limits.ttl();
    var expiry = Math.min(limits.deadline(), limits.latest());
    if (budget > 0) {
      var since = Math.max(queued.offeredAt, state.poolTurnedAt);
      expiry = Math.min(expiry, since + budget * Ticks.NANOS);
    }
    var withoutEndpoints = state.knobs.noEndpointTtl();
    if (withoutEndpoints > 0 && !state.isServed(queued.model())) {
      var since = Math.max(queued.offeredAt, state.unservedSince(queued.model()));
      expiry = Math.min(expiry, since + withoutEndpoints * Ticks.NANOS);
    }
    return expiry;
  }

  boolean isOverdue(NaiveRequest running) {
    return state.now >= reclaimedAt(running);
  }

  private long reclaimedAt(NaiveRequest running) {
    return running.dispatchedAt + state.knobs.maxRequestDuration() * Ticks.NANOS;
  }

  /** From now on no request is accepted. Queued ones may go for {@code drainTicks} more. */
  void shutDown(int drainTicks) {
    isShuttingDown = true;
    shutdownEnds = Math.min(shutdownEnds, state.now + drainTicks * Ticks.NANOS);
  }

  boolean isShuttingDown() {
    return isShuttingDown;
  }

  /** True if queued requests may wait no longer. */
  boolean isShutdownOver() {
    return state.now >= shutdownEnds;
  }

  /** The next instant at which a queued request is evicted or a permit is taken back. */
  long nextEvent() {
    var next = state.queued.isEmpty() ? NaiveState.NEVER : shutdownEnds;
    for (var request : state.queued) {
      next = Math.min(next, expiry(request));
    }
    for (var request : state.running) {
      next = Math.min(next, reclaimedAt(request));
    }
    return next;
  }
}
