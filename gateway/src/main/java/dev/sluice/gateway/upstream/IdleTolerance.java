package dev.sluice.gateway.upstream;

import java.util.concurrent.TimeUnit;

/**
 * The time for which an endpoint keeps an idle connection open, as observed so far. Times are
 * nanoseconds.
 *
 * <p>Some model servers close an idle connection after 5 s, others after minutes, and a request
 * that is sent while the connection is being closed is lost. Therefore a connection is reused only
 * if it has been idle for less than 80 % of the longest idle time that the endpoint has been seen
 * to allow. If the endpoint closes a connection earlier than that, for example because it restarts,
 * the shorter time holds at once. Not thread-safe. O(1).
 */
final class IdleTolerance {
  /** The keep-alive time of vLLM's server by default. */
  private static final long ASSUMED_NANOS = TimeUnit.SECONDS.toNanos(5);

  private long allowedNanos = ASSUMED_NANOS;

  /** A connection was still open after it had been idle for {@code idleNanos}. */
  void sawOpen(long idleNanos) {
    allowedNanos = Math.max(allowedNanos, idleNanos);
  }

  /** The endpoint closed a connection that had been idle for {@code idleNanos}. */
  void sawClosed(long idleNanos) {
    allowedNanos = Math.min(allowedNanos, idleNanos);
  }

  /** The idle time below which a connection may be reused. */
  long usableNanos() {
    return allowedNanos / 5 * 4;
  }
}
