package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.engine.Effects;
import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import org.jspecify.annotations.Nullable;

/**
 * What one thread decided and has to carry out: the effects of one or more rounds, and for
 * observers that asked how long one of the rounds took. Used again and again; one thread owns it at
 * a time.
 */
final class Batch {
  private final Effects effects = new Effects();
  private boolean timed;
  private boolean beingTimed;
  private long lockedAtNanos;
  private long decidedAtNanos;
  private @Nullable PendingRequest timedOffer;
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

  /** An operation is about to be applied. The last offer in a timed round is timed, too. */
  void applying(Operation operation, long sinceNanos) {
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
  }
}
