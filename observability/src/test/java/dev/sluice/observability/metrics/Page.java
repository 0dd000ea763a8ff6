package dev.sluice.observability.metrics;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** The page of metrics that a scraper reads, line by line. */
final class Page {
  private Page() {}

  static List<String> of(PrometheusRegistry registry) {
    return new String(MetricsPage.render(registry, "").body(), StandardCharsets.UTF_8)
        .lines()
        .toList();
  }
}
