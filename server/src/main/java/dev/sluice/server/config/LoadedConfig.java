package dev.sluice.server.config;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.health.EjectionOptions;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.scraping.ScrapeOptions;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.gateway.GatewayOptions;
import java.time.Duration;
import java.util.List;

/**
 * A configuration without faults, as options of the modules.
 *
 * @param sections the file's sections
 * @param flowControl the configuration of the engine
 * @param gateway the options of the proxy
 * @param endpoints the endpoints of the pool
 * @param health the thresholds of health checks
 * @param ejection when endpoints where requests fail are taken out
 * @param scraping the options of the scraper
 * @param drain the time for which queued requests are still served at shutdown
 * @param warnings what the file allows but hardly means, a sentence with its place for each
 */
public record LoadedConfig(
    SluiceConfig sections,
    FlowControlConfig flowControl,
    GatewayOptions gateway,
    List<EndpointConfig> endpoints,
    HealthThresholds health,
    EjectionOptions ejection,
    ScrapeOptions scraping,
    Duration drain,
    List<String> warnings) {

  /** Copies the lists. */
  public LoadedConfig {
    endpoints = List.copyOf(endpoints);
    warnings = List.copyOf(warnings);
  }
}
