package dev.sluice.gateway.upstream;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The connections of one event loop to one endpoint, of which the idle ones can be taken. The
 * connection that was used last is used next, so that connections beyond the need grow old and are
 * closed. Lives on its event loop. O(1), except for {@link #sweep}.
 */
final class IdleConnections {
  private static final long LONGEST_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** The connection that was used last is at the head. */
  private final Deque<EndpointConnection> connections = new ArrayDeque<>();

  /** All that are open, idle or not. */
  private final Set<EndpointConnection> open = new HashSet<>();

  private final IdleTolerance tolerance = new IdleTolerance();

  void opened(EndpointConnection connection) {
    open.add(connection);
  }

  void closed(EndpointConnection connection) {
    open.remove(connection);
  }

  /** Fails the requests that the endpoint has not answered with a byte for so long. O(n). */
  void failSilentFor(long nanos) {
    for (var connection : List.copyOf(open)) {
      connection.failIfSilentFor(nanos);
    }
  }

  void put(EndpointConnection connection) {
    connections.push(connection);
  }

  /** A connection that may carry a request; null if there is none. */
  @Nullable EndpointConnection take(long nowNanos) {
    for (var next = connections.peek(); next != null; next = connections.peek()) {
      if (next.isOpen()) {
        return next.idleNanos(nowNanos) < tolerance.usableNanos() ? connections.pop() : null;
      }
      connections.pop();
    }
    return null;
  }

  /** The endpoint closed a connection that had been idle for {@code idleNanos}. */
  void closedAfter(long idleNanos) {
    tolerance.sawClosed(idleNanos);
  }

  /**
   * Closes the connections that must not be used any more. The oldest one stays open longer, to
   * show how much idle time the endpoint allows. To be called about once a second. O(n).
   */
  void sweep(long nowNanos) {
    connections.removeIf(connection -> !connection.isOpen());
    var oldest = connections.peekLast();
    if (oldest == null) {
      return;
    }
    tolerance.sawOpen(oldest.idleNanos(nowNanos));
    connections.removeIf(connection -> {
      var most = connection == oldest ? LONGEST_NANOS : tolerance.usableNanos();
      if (connection.idleNanos(nowNanos) < most) {
        return false;
      }
      connection.close();
      return true;
    });
  }
}
