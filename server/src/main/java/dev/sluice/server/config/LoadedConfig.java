package dev.sluice.server.config;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.scraping.ScrapeOptions;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.gateway.GatewayOptions;
import java.time.Duration;
import java.util.List;

/**
 * A configuration that was found good, in the terms of those that it is for.
 *
 * @param sections the file's sections
 * @param flowControl for the engine
 * @param gateway for the proxy
 * @param endpoints for the pool
 * @param health for the pool
 * @param scraping for the scraper
 * @param drain how long queued requests may still be served at shutdown
 */
public record LoadedConfig(
    SluiceConfig sections,
    FlowControlConfig flowControl,
    GatewayOptions gateway,
    List<EndpointConfig> endpoints,
    HealthThresholds health,
    ScrapeOptions scraping,
    Duration drain) {

  /** Copies the list. */
  public LoadedConfig {
    endpoints = List.copyOf(endpoints);
  }
}
