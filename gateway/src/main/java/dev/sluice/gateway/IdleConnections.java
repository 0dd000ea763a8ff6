package dev.sluice.gateway;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one endpoint that have nothing to do. The one used last is
 * used next, so that those that are not needed grow old and are closed. Lives on its event loop.
 * O(1), except for {@link #sweep}.
 */
final class IdleConnections {
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final Deque<EndpointConnection> waiting = new ArrayDeque<>();
  private final IdleTolerance tolerance = new IdleTolerance();

  void put(EndpointConnection resting) {
    waiting.push(resting);
  }

  /** A connection that a request can be sent on; null if there is none. */
  @Nullable EndpointConnection take(long nowNanos) {
    for (var next = waiting.peek(); next != null; next = waiting.peek()) {
      if (next.isOpen()) {
        return next.idleNanos(nowNanos) < tolerance.usableNanos() ? waiting.pop() : null;
      }
      waiting.pop();
    }
    return null;
  }

  /** The endpoint closed a connection that was here. */
  void closedAfter(long idleNanos) {
    tolerance.sawClosed(idleNanos);
  }

  /**
   * Closes what must not be used any more, except for the oldest connection, which is to show what
   * the endpoint bears. To be called about once a second. O(n).
   */
  void sweep(long nowNanos) {
    waiting.removeIf(connection -> !connection.isOpen());
    var oldest = waiting.peekLast();
    if (oldest == null) {
      return;
    }
    tolerance.sawOpen(oldest.idleNanos(nowNanos));
    waiting.removeIf(connection -> {
      var most = connection == oldest ? LONGEST_NANOS : tolerance.usableNanos();
      if (connection.idleNanos(nowNanos) < most) {
        return false;
      }
      connection.close();
      return true;
    });
  }
}
