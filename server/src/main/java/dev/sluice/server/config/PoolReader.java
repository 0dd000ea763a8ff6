package dev.sluice.server.config;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.scraping.ScrapeOptions;
import java.net.URI;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the pool's endpoints and options from the section {@code pool}. */
record PoolReader(PoolSection section, FaultReport report) {

  /** The endpoints without faults. */
  List<EndpointConfig> endpoints() {
    var endpoints = new ArrayList<EndpointConfig>();
    var ids = new HashSet<String>();
    for (var i = 0; i < section.endpoints().size(); i++) {
      var endpoint = section.endpoints().get(i);
      var path = "pool.endpoints[" + i + "]";
      if (!report.isWhole(path)) {
        continue;
      }
      try {
        var url = URI.create(endpoint.url());
        var id = endpoint.id().isBlank() ? url.getAuthority() : endpoint.id();
        if (!ids.add(id)) {
          report.fault(path, "endpoint " + id + " is listed twice");
          continue;
        }
        endpoints.add(
            new EndpointConfig(
                id,
                url,
                Set.copyOf(endpoint.models()),
                Set.copyOf(endpoint.adapters()),
                endpoint.capacity(),
                endpoint.maxRequests()));
      } catch (IllegalArgumentException e) {
        report.fault(path + ".url", Objects.toString(e.getMessage(), "is no URL"));
      }
    }
    return endpoints;
  }

  HealthThresholds health() {
    return new HealthThresholds(section.failureThreshold(), section.successThreshold());
  }

  /** The scraper's options; null if the scraper refuses them. */
  @Nullable ScrapeOptions scraping() {
    try {
      return new ScrapeOptions( // the scraper's own checks may be stricter than the section's
          section.metricsPath(),
          section.metricsPeriod(),
          section.metricsTimeout(),
          section.healthPath(),
          section.healthPeriod(),
          section.healthTimeout(),
          section.modelsPath(),
          section.modelsPeriod(),
          ScrapeOptions.DEFAULT.maxPageBytes());
    } catch (IllegalArgumentException e) {
      report.refused("pool", e);
      return null;
    }
  }
}
