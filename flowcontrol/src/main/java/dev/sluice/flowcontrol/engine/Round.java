package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.engine.PendingRequest.State;
import dev.sluice.flowcontrol.guard.Faults;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.RejectReason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One round of decisions: their time, and the effects that they have. The core uses one object
 * again and again, and begins it anew for each hold of the lock.
 */
final class Round implements Faults {
  private long nowNanos;
  private long nextSequence = 1;
  private Effects effects = new Effects();

  Round(long nowNanos) {
    this.nowNanos = nowNanos;
  }

  /** Begins a round. Time never goes back: an earlier {@code nanos} counts as the present time. */
  void begin(long nanos, Effects out) {
    if (nanos - nowNanos > 0) {
      nowNanos = nanos;
    }
    effects = out;
    effects.begin(nowNanos, nextSequence);
  }

  /**
   * Lets time go on within the round. False if {@code nanos} is not later than the present time.
   */
  boolean advanceTo(long nanos) {
    if (nanos - nowNanos <= 0) {
      return false;
    }
    nowNanos = nanos;
    effects.advanceTo(nanos);
    return true;
  }

  /**
   * Ends the round.
   *
   * @param unfinished whether the core stopped early and has to be called again
   * @param nextTimerNanos the time at which the core has to be called again at the latest
   */
  void end(boolean unfinished, long nextTimerNanos) {
    nextSequence = effects.nextSequence();
    effects.end(unfinished, nextTimerNanos);
  }

  /** The present time. */
  long nowNanos() {
    return nowNanos;
  }

  /** Whether a time, which may be {@link NextDue#NEVER}, has come. */
  boolean isPast(long nanos) {
    return nanos != NextDue.NEVER && nowNanos - nanos >= 0;
  }

  /** The effects so far. */
  Effects effects() {
    return effects;
  }

  /** Adds an effect of a request. */
  void add(Effects.Kind kind, PendingRequest request, @Nullable Object detail) {
    effects.add(kind, request, detail);
  }

  /** Refuses a request that is in no queue. */
  void reject(PendingRequest request, Admission.Rejected refusal) {
    request.moveTo(State.DONE);
    effects.add(Effects.Kind.REJECTED, request, refusal);
  }

  /** Refuses a request that is in no queue, without advice on when to come again. */
  void reject(PendingRequest request, RejectReason reason, String detail) {
    reject(request, new Admission.Rejected(reason, detail, Duration.ZERO, Duration.ZERO));
  }

  @Override
  public void report(String plugin, Throwable cause) {
    effects.add(Effects.Kind.FAULT, plugin, cause);
  }
}
