package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.engine.Effects;
import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one thread decided and has to carry out: the effects of one or more rounds, and for
 * observers that asked how long one of the rounds took. Used again and again; one thread owns it at
 * a time.
 */
final class Batch {
  /** The operations after which a thread leaves the rest to others. */
  private static final int MOST_APPLIED = 4 * Effects.LIMIT;

  private final Effects effects = new Effects();
  private boolean timed;
  private boolean beingTimed;
  private long lockedAtNanos;
  private long decidedAtNanos;
  private @Nullable PendingRequest timedOffer;
  private int applied;
  private boolean timeFailed;

  /** Exceptions of operations of other callers; made when needed. */
  private @Nullable List<Throwable> failures;

  private long timedOfferSinceNanos;

  Effects effects() {
    return effects;
  }

  /** Times the present round, from now. */
  void startTiming(long nanos) {
    timed = true;
    beingTimed = true;
    lockedAtNanos = nanos;
  }

  /**
   * Whether the thread has decided as much as one should at a stretch. Operations count beside
   * effects, because a report of progress has none.
   */
  boolean isFull() {
    return effects.isFull() || applied >= MOST_APPLIED;
  }

  /** Notes what an operation threw that is not this thread's own. */
  void failed(Throwable cause) {
    var noted = failures;
    if (noted == null) {
      noted = new ArrayList<>();
      failures = noted;
    }
    noted.add(cause);
  }

  /** Notes what was thrown when time passed, or at the end of a round. */
  void timeFailed(Throwable cause) {
    timeFailed = true;
    failed(cause);
  }

  /** Whether time did not pass as it should, so that the effects' next timer says nothing. */
  boolean hasTimeFailed() {
    return timeFailed;
  }

  /** Exceptions of operations of other callers. */
  List<Throwable> failures() {
    var noted = failures;
    return noted == null ? List.of() : noted;
  }

  /** An operation is about to be applied. The last offer in a timed round is timed, too. */
  void applying(Operation operation, long sinceNanos) {
    applied++;
    if (beingTimed && operation instanceof PendingRequest offer) {
      timedOffer = offer;
      timedOfferSinceNanos = sinceNanos;
    }
  }

  /** Ends the timing: everything is decided. */
  void stopTiming(long nanos) {
    beingTimed = false;
    decidedAtNanos = nanos;
  }

  boolean isBeingTimed() {
    return beingTimed;
  }

  /** Whether one of the rounds was timed. */
  boolean isTimed() {
    return timed;
  }

  long lockedAtNanos() {
    return lockedAtNanos;
  }

  long decidedAtNanos() {
    return decidedAtNanos;
  }

  /** The offer that was timed; null if there is none. */
  @Nullable PendingRequest timedOffer() {
    return timedOffer;
  }

  /** When the timed offer was made. */
  long timedOfferSinceNanos() {
    return timedOfferSinceNanos;
  }

  /** Forgets everything, to be used again. */
  void clear() {
    effects.clear();
    timed = false;
    timedOffer = null;
    applied = 0;
    timeFailed = false;
    failures = null;
  }
}
