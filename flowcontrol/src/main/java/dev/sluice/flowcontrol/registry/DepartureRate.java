package dev.sluice.flowcontrol.registry;

import java.time.Duration;

/**
 * The rate at which a backlog empties. It is kept as the mean gap between two dispatches from the
 * backlog, an exponential moving average {@code m = 0.8m + 0.2x} over the gaps {@code x}. Time
 * without a backlog does not count. Guarded by the core's lock. O(1).
 */
public final class DepartureRate {
  private static final Duration LEAST = Duration.ofSeconds(1);
  private static final Duration MOST = Duration.ofMinutes(5);

  private double meanGapNanos = Double.NaN;
  private long lastNanos;

  /** Notes that a backlog began. The time before it says nothing about the rate. */
  public void backlogBegan(long nowNanos) {
    lastNanos = nowNanos;
  }

  /** Notes that a request was dispatched from the backlog. */
  public void dispatched(long nowNanos) {
    var gap = (double) (nowNanos - lastNanos);
    meanGapNanos = Double.isNaN(meanGapNanos) ? gap : 0.8 * meanGapNanos + 0.2 * gap;
    lastNanos = nowNanos;
  }

  /** Whether a request was ever dispatched from the backlog. */
  public boolean isKnown() {
    return !Double.isNaN(meanGapNanos);
  }

  /**
   * The time in which {@code backlog} requests will be dispatched, between 1 s and 5 min. It is 1 s
   * until a dispatch has been seen.
   */
  public Duration timeToClear(long backlog) {
    if (!isKnown()) {
      return LEAST;
    }
    var nanos = Math.min(meanGapNanos * backlog, (double) MOST.toNanos());
    return nanos <= LEAST.toNanos() ? LEAST : Duration.ofNanos((long) nanos);
  }
}
