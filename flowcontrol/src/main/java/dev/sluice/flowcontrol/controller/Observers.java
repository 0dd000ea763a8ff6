package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.EngineObserver.Source;
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

  /**
   * Reports what code outside the core threw. It ends here: the thread may be one whose own request
   * has nothing to do with it. An interruption is restored. A {@link VirtualMachineError} other
   * than a stack overflow is also handed to the thread's handler of uncaught exceptions, so that a
   * process that wants to die of it does; otherwise the remaining outcomes are delivered.
   */
  void failed(Source source, Throwable cause) {
    LOG.error("{} failed, and the engine goes on", source, cause);
    for (var observer : observers) {
      try {
        observer.failed(source, cause);
      } catch (Throwable thrown) {
        LOG.error("Observer {} failed at a failure", observer.getClass().getName(), thrown);
      }
    }
    var thread = Thread.currentThread();
    if (cause instanceof InterruptedException) {
      thread.interrupt();
    } else if (cause instanceof VirtualMachineError && !(cause instanceof StackOverflowError)) {
      try {
        thread.getUncaughtExceptionHandler().uncaughtException(thread, cause);
      } catch (Throwable thrown) {
        LOG.error("The handler of uncaught exceptions failed", thrown);
      }
    }
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
      } catch (Throwable thrown) {
        failed(Source.OBSERVER, thrown);
      }
    }
  }

  /** The outcome of an offered request so far; null if no effect is about the request. */
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
      } catch (Throwable thrown) {
        failed(Source.OBSERVER, thrown);
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
