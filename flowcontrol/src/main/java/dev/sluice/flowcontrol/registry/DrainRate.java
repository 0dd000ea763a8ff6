package dev.sluice.flowcontrol.registry;

import java.time.Duration;

/**
 * How fast a backlog empties: the mean time between dispatches from it, as an exponential moving
 * average {@code m = 0.8m + 0.2x} over the gaps {@code x} while there was a backlog. Guarded by the
 * core's lock. O(1).
 */
public final class DrainRate {
  private static final Duration LEAST = Duration.ofSeconds(1);
  private static final Duration MOST = Duration.ofMinutes(5);

  private double meanGapNanos = Double.NaN;
  private long lastNanos;

  /** A backlog began: the time before it says nothing about the rate. */
  public void backlogBegan(long nowNanos) {
    lastNanos = nowNanos;
  }

  /** A request was dispatched from the backlog. */
  public void dispatched(long nowNanos) {
    var gap = (double) (nowNanos - lastNanos);
    meanGapNanos = Double.isNaN(meanGapNanos) ? gap : 0.8 * meanGapNanos + 0.2 * gap;
    lastNanos = nowNanos;
  }

  /** Whether a dispatch has been seen. */
  public boolean isKnown() {
    return !Double.isNaN(meanGapNanos);
  }

  /**
   * When {@code backlog} requests will have gone: between 1 s and 5 min; 1 s while nothing is
   * known.
   */
  public Duration timeToDrain(long backlog) {
    if (!isKnown()) {
      return LEAST;
    }
    var nanos = Math.min(meanGapNanos * backlog, (double) MOST.toNanos());
    return nanos <= LEAST.toNanos() ? LEAST : Duration.ofNanos((long) nanos);
  }
}
