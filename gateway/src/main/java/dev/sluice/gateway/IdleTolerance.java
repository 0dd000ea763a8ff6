package dev.sluice.gateway;

import java.util.concurrent.TimeUnit;

/**
 * How long an endpoint lets a connection have nothing to do before it closes it, as far as one has
 * been seen to. Some model servers close after 5 s, others after minutes, and a request that meets
 * the closing is lost; so what may be used again is what has been idle for less than 80 % of what
 * the endpoint has borne. An endpoint that bears less than before, or starts anew, is believed at
 * once. Times are nanoseconds. Not thread-safe. O(1).
 */
final class IdleTolerance {
  /** What vLLM's server bears unless it is told otherwise. */
  private static final long ASSUMED_NANOS = TimeUnit.SECONDS.toNanos(5);

  private long borneNanos = ASSUMED_NANOS;

  /** A connection that has been idle for so long was open. */
  void sawOpen(long idleNanos) {
    borneNanos = Math.max(borneNanos, idleNanos);
  }

  /** The endpoint closed a connection that had been idle for so long. */
  void sawClosed(long idleNanos) {
    borneNanos = Math.min(borneNanos, idleNanos);
  }

  /** A connection that has been idle for less may be used. */
  long usableNanos() {
    return borneNanos / 5 * 4;
  }
}
