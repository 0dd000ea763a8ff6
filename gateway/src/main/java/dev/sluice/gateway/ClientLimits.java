package dev.sluice.gateway;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;

/**
 * The limits on connections of clients: how many may be open, and how long each may take for what.
 * Immutable.
 *
 * @param headTimeout how long a client may take to send the head of a request, from its first byte
 * @param idleTimeout how long a connection may be open without a request
 * @param lingerTimeout how long the rest of a body is read after the request was answered
 * @param maxConnections the most connections at once; 0 derives the limit from the descriptors that
 *     the process may open
 * @param maxConnectionsPerAddress the most connections at once from one address, or from one IPv6
 *     network of 64 bits; 0 means half of {@code maxConnections}
 */
public record ClientLimits(
    Duration headTimeout,
    Duration idleTimeout,
    Duration lingerTimeout,
    int maxConnections,
    int maxConnectionsPerAddress) {

  /** 10 s for a head, 2 minutes without a request, 2 s for the rest of a refused body. */
  public static final ClientLimits DEFAULT =
      new ClientLimits(Duration.ofSeconds(10), Duration.ofMinutes(2), Duration.ofSeconds(2), 0, 0);

  /** Descriptors for files, event loops, the port for operators and the watch of the pool. */
  private static final long OWN_DESCRIPTORS = 128;

  private static final int FEWEST_CONNECTIONS = 16;
  private static final long UNKNOWN_DESCRIPTORS = 1_024;

  /** Rejects values outside their ranges, all at once, a line for each. */
  public ClientLimits {
    var faults = new ArrayList<String>();
    positive("headTimeout", headTimeout, faults);
    positive("idleTimeout", idleTimeout, faults);
    positive("lingerTimeout", lingerTimeout, faults);
    notNegative("maxConnections", maxConnections, faults);
    notNegative("maxConnectionsPerAddress", maxConnectionsPerAddress, faults);
    if (!faults.isEmpty()) {
      throw new IllegalArgumentException(String.join("\n", faults));
    }
  }

  private static void positive(String name, Duration value, ArrayList<String> faults) {
    if (!value.isPositive()) {
      faults.add(name + ": got " + value + ", allowed > 0");
    }
  }

  private static void notNegative(String name, int value, ArrayList<String> faults) {
    if (value < 0) {
      faults.add(name + ": got " + value + ", allowed >= 0");
    }
  }

  /** The most connections at once: the value that is set, or the derived one. */
  int connections() {
    return maxConnections > 0 ? maxConnections : derivedFrom(descriptors());
  }

  /** The most connections at once from one address: the value that is set, or the derived one. */
  int connectionsPerAddress() {
    return maxConnectionsPerAddress > 0 ? maxConnectionsPerAddress : Math.max(1, connections() / 2);
  }

  /**
   * The most connections of clients in a process that may open so many descriptors. A request over
   * HTTP/1 occupies two: its client's connection and one to an endpoint. Half of the descriptors
   * are therefore kept, so that each connected client can be served.
   */
  static int derivedFrom(long descriptors) {
    var half = (descriptors - OWN_DESCRIPTORS) / 2;
    return Math.clamp(half, FEWEST_CONNECTIONS, Integer.MAX_VALUE);
  }

  private static long descriptors() {
    return ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
        ? unix.getMaxFileDescriptorCount()
        : UNKNOWN_DESCRIPTORS;
  }
}
