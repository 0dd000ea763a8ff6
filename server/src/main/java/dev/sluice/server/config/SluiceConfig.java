package dev.sluice.server.config;

import java.util.List;

/**
 * The configuration file as it was written, with defaults for missing keys.
 *
 * @param gateway the port for clients
 * @param admin the port for operators
 * @param pool the model servers
 * @param tenants the tenants
 * @param flowControl limits and policies
 * @param plugins plugins with parameters and a name for references
 */
public record SluiceConfig(
    GatewaySection gateway,
    AdminSection admin,
    PoolSection pool,
    List<TenantSection> tenants,
    FlowControlSection flowControl,
    List<PluginSection> plugins) {

  /** The defaults; the file has to name the endpoints. */
  public static final SluiceConfig DEFAULT =
      new SluiceConfig(
          GatewaySection.DEFAULT,
          AdminSection.DEFAULT,
          PoolSection.DEFAULT,
          List.of(),
          FlowControlSection.DEFAULT,
          List.of());

  /** Copies the lists. */
  public SluiceConfig {
    tenants = List.copyOf(tenants);
    plugins = List.copyOf(plugins);
  }
}
