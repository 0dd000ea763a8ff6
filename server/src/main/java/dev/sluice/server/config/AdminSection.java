package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;

/**
 * {@code admin}: the port for metrics, health and {@code /debug/flows}. It has no authentication.
 *
 * @param host address to listen on; the default is reached from the same machine only
 * @param port TCP port, not that of {@code gateway}; 0 picks a free one
 */
public record AdminSection(String host, int port) {

  /** The defaults. */
  public static final AdminSection DEFAULT = new AdminSection("127.0.0.1", 9090);

  /** Rejects a value that is not a port. */
  public AdminSection {
    new Checks().within("port", port, 0, 65_535).done();
  }
}
