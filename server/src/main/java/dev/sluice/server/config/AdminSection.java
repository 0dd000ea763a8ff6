package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;

/**
 * {@code admin}: the port for metrics, health and {@code /debug/flows}.
 *
 * @param host address to listen on
 * @param port TCP port; 0 picks a free one
 */
public record AdminSection(String host, int port) {

  /** The defaults. */
  public static final AdminSection DEFAULT = new AdminSection("0.0.0.0", 9090);

  /** Rejects a value that is not a port. */
  public AdminSection {
    new Checks().within("port", port, 0, 65_535).done();
  }
}
