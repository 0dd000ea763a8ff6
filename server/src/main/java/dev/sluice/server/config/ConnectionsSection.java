package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
import dev.sluice.gateway.ClientLimits;
import java.time.Duration;

/**
 * {@code gateway.connections}: the limits on connections of clients.
 *
 * @param headTimeout the longest time in which a client may send the head of a request, from its
 *     first byte
 * @param idleTimeout the longest time for which a connection may be open without a request; longer
 *     than the keep-alive time of a load balancer in front
 * @param lingerTimeout the longest time for which the rest of a body is read after its request was
 *     refused
 * @param maxConnections most connections at once; 0 means half of the descriptors that the process
 *     may open, less 64. The other half is for connections to endpoints. If all are taken, the one
 *     that has had no request for longest is closed; if all have a request, a new one is refused
 * @param maxConnectionsPerAddress most connections at once from one IP address, or from one IPv6
 *     network of 64 bits; 0 means half of {@code maxConnections}. If all are taken, the address
 *     loses the one that has had no request for longest. Behind a proxy, all clients have the
 *     proxy's address
 */
public record ConnectionsSection(
    Duration headTimeout,
    Duration idleTimeout,
    Duration lingerTimeout,
    int maxConnections,
    int maxConnectionsPerAddress) {

  /** The defaults. */
  public static final ConnectionsSection DEFAULT =
      new ConnectionsSection(
          ClientLimits.DEFAULT.headTimeout(),
          ClientLimits.DEFAULT.idleTimeout(),
          ClientLimits.DEFAULT.lingerTimeout(),
          0,
          0);

  /** Rejects values outside their ranges, all at once. */
  public ConnectionsSection {
    new Checks()
        .positive("headTimeout", headTimeout)
        .positive("idleTimeout", idleTimeout)
        .positive("lingerTimeout", lingerTimeout)
        .notNegative("maxConnections", maxConnections)
        .notNegative("maxConnectionsPerAddress", maxConnectionsPerAddress)
        .done();
  }
}
