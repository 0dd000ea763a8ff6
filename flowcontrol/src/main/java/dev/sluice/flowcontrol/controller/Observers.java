package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.engine.Effects;
import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.types.QueueOutcome;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the engine's observers what was decided. If an observer throws, the others still hear. */
final class Observers {
  private static final Logger LOG = LoggerFactory.getLogger(Observers.class);

  private final EngineObserver[] observers;

  Observers(List<EngineObserver> observers) {
    this.observers = observers.toArray(EngineObserver[]::new);
  }

  /**
   * One operation in so many is timed: as often as the most demanding observer wants; 0 for none.
   */
  int timedOneIn() {
    return Arrays.stream(observers)
        .mapToInt(EngineObserver::timedOneIn)
        .filter(oneIn -> oneIn > 0)
        .min()
        .orElse(0);
  }

  /** Tells how long a timed round took. */
  void tellTimes(Batch batch) {
    var offer = batch.timedOffer();
    var outcome = offer == null ? null : outcome(offer, batch.effects());
    for (var observer : observers) {
      try {
        observer.decided(batch.decidedAtNanos() - batch.lockedAtNanos());
        if (offer != null && outcome != null) {
          var tookNanos = batch.decidedAtNanos() - batch.timedOfferSinceNanos();
          observer.offered(offer.request(), outcome, tookNanos);
        }
      } catch (RuntimeException e) {
        LOG.warn("Observer {} failed at a timing", observer, e);
      }
    }
  }

  /** What has become of an offered request so far; null if no effect is about it. */
  private static @Nullable QueueOutcome outcome(PendingRequest offer, Effects effects) {
    for (var i = effects.size() - 1; i >= 0; i--) {
      if (effects.isAbout(i, offer)) {
        return switch (effects.kind(i)) {
          case QUEUED -> QueueOutcome.NOT_YET_FINALIZED;
          case REJECTED, EVICTED -> effects.admission(i).outcome();
          case DISPATCHED, DISPATCHED_AT_ONCE, DISPATCHED_RESERVED, RETURNED, RECLAIMED ->
              QueueOutcome.DISPATCHED;
          case POOL_CHANGED, RECONFIGURED, FLOW_COLLECTED, FAULT -> null;
        };
      }
    }
    return null;
  }

  /** Tells of one effect. */
  void tell(Effects effects, int i) {
    for (var observer : observers) {
      try {
        tell(observer, effects, i);
      } catch (RuntimeException e) {
        LOG.warn("Observer {} failed at {}", observer, effects.kind(i), e);
      }
    }
  }

  private static void tell(EngineObserver observer, Effects effects, int i) {
    var sequence = effects.sequence(i);
    var now = effects.nanos(i);
    var kind = effects.kind(i);
    switch (kind) {
      case QUEUED -> observer.queued(sequence, now, effects.request(i).request());
      case DISPATCHED, DISPATCHED_AT_ONCE, DISPATCHED_RESERVED -> {
        var request = effects.request(i);
        observer.dispatched(
            sequence,
            now,
            request.request(),
            now - request.enqueuedAtNanos(),
            kind != Effects.Kind.DISPATCHED_AT_ONCE,
            kind == Effects.Kind.DISPATCHED_RESERVED);
      }
      case REJECTED ->
          observer.rejected(
              sequence, now, effects.request(i).request(), effects.rejection(i).reason());
      case EVICTED -> {
        var evicted = effects.eviction(i);
        observer.evicted(
            sequence,
            now,
            effects.request(i).request(),
            evicted.reason(),
            evicted.waited().toNanos());
      }
      case RETURNED, RECLAIMED -> {
        var request = effects.request(i);
        observer.returned(
            sequence,
            now,
            request.request(),
            effects.usage(i),
            now - request.dispatchedAtNanos(),
            kind == Effects.Kind.RECLAIMED);
      }
      case POOL_CHANGED -> observer.poolChanged(sequence, now, effects.saturation(i));
      case RECONFIGURED -> observer.reconfigured(sequence, now);
      case FLOW_COLLECTED -> observer.flowCollected(sequence, now, effects.flow(i));
      case FAULT -> observer.fault(sequence, now, effects.plugin(i), effects.cause(i));
    }
  }
}
