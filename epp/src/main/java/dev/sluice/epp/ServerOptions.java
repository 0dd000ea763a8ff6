package dev.sluice.epp;

import java.time.Duration;

/**
 * The ports of a picker and the time for its end. Immutable.
 *
 * @param host the address to listen on
 * @param port the port of ext_proc, with a health service; 0 means any free port
 * @param healthPort the port of the health service alone, in plain text; 0 means any free port
 * @param tls how {@code port} is secured
 * @param maxMessageBytes the largest message that the proxy may send, at least 1
 * @param acceptWhileDraining how long new streams are served after readiness was withdrawn, so that
 *     proxies have the time to notice
 * @param drainTimeout how long streams may take to finish after that
 */
public record ServerOptions(
    String host,
    int port,
    int healthPort,
    ServerTls tls,
    int maxMessageBytes,
    Duration acceptWhileDraining,
    Duration drainTimeout) {

  /** Upstream's ports and limits, and a certificate of our own. */
  public static final ServerOptions DEFAULT =
      new ServerOptions(
          "0.0.0.0",
          9002,
          9003,
          new ServerTls.SelfSigned(),
          4 << 20,
          Duration.ofSeconds(5),
          Duration.ofSeconds(25));

  /** Rejects ports, sizes and times that are out of range. */
  public ServerOptions {
    checkPort("port", port);
    checkPort("healthPort", healthPort);
    if (maxMessageBytes < 1) {
      throw new IllegalArgumentException(
          "maxMessageBytes: got " + maxMessageBytes + ", allowed >= 1");
    }
    if (acceptWhileDraining.isNegative() || drainTimeout.isNegative()) {
      throw new IllegalArgumentException(
          "acceptWhileDraining, drainTimeout: got "
              + acceptWhileDraining
              + ", "
              + drainTimeout
              + ", allowed >= 0");
    }
  }

  private static void checkPort(String name, int port) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException(name + ": got " + port + ", allowed 0 to 65535");
    }
  }
}
