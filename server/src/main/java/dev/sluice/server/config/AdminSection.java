package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;

/**
 * {@code admin}: the port for metrics, health and {@code /debug/flows}.
 *
 * @param host address to listen on
 * @param port TCP port; 0 picks a free one
 */
public record AdminSection(String host, int port) {

  /** What holds where the file says nothing. */
  public static final AdminSection DEFAULT = new AdminSection("0.0.0.0", 9090);

  /** Rejects ports that are none. */
  public AdminSection {
    new Checks().within("port", port, 0, 65_535).done();
  }
}
