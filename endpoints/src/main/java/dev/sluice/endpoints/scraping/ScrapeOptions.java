package dev.sluice.endpoints.scraping;

import java.time.Duration;

/**
 * The pages that are read from every endpoint, and how often. Immutable.
 *
 * @param metricsPath path of the metrics page; if empty, metrics are not read
 * @param metricsPeriod time between two reads of it, above 0
 * @param metricsTimeout the time limit of a read, above 0
 * @param healthPath path of the health check; if empty, every endpoint counts as healthy
 * @param healthPeriod time between two checks, above 0
 * @param healthTimeout the time limit of a check, above 0
 * @param modelsPath path of the model list; if empty, models are not read
 * @param modelsPeriod time between two reads of it, above 0
 * @param maxPageBytes the longest page that is read, above 0
 */
public record ScrapeOptions(
    String metricsPath,
    Duration metricsPeriod,
    Duration metricsTimeout,
    String healthPath,
    Duration healthPeriod,
    Duration healthTimeout,
    String modelsPath,
    Duration modelsPeriod,
    int maxPageBytes) {

  /**
   * Metrics every 50 ms, health every second, models every 30 seconds; the paths of vLLM and
   * SGLang.
   */
  public static final ScrapeOptions DEFAULT =
      new ScrapeOptions(
          "/metrics",
          Duration.ofMillis(50),
          Duration.ofSeconds(1),
          "/health",
          Duration.ofSeconds(1),
          Duration.ofSeconds(1),
          "/v1/models",
          Duration.ofSeconds(30),
          8 * 1024 * 1024);

  /** Rejects paths without a slash, and times and sizes that are not above 0. */
  public ScrapeOptions {
    checkPath("metricsPath", metricsPath);
    checkPath("healthPath", healthPath);
    checkPath("modelsPath", modelsPath);
    checkTime("metricsPeriod", metricsPeriod);
    checkTime("metricsTimeout", metricsTimeout);
    checkTime("healthPeriod", healthPeriod);
    checkTime("healthTimeout", healthTimeout);
    checkTime("modelsPeriod", modelsPeriod);
    if (maxPageBytes <= 0) {
      throw new IllegalArgumentException("maxPageBytes: got " + maxPageBytes + ", allowed > 0");
    }
  }

  /** With another period of reading metrics. */
  public ScrapeOptions withMetricsPeriod(Duration period) {
    return new ScrapeOptions(
        metricsPath,
        period,
        metricsTimeout,
        healthPath,
        healthPeriod,
        healthTimeout,
        modelsPath,
        modelsPeriod,
        maxPageBytes);
  }

  /** With another period and time limit of checking health. */
  public ScrapeOptions withHealth(Duration period, Duration timeout) {
    return new ScrapeOptions(
        metricsPath,
        metricsPeriod,
        metricsTimeout,
        healthPath,
        period,
        timeout,
        modelsPath,
        modelsPeriod,
        maxPageBytes);
  }

  private static void checkPath(String name, String path) {
    if (!path.isEmpty() && !path.startsWith("/")) {
      throw new IllegalArgumentException(
          name + ": got " + path + ", allowed a path that begins with a slash");
    }
  }

  private static void checkTime(String name, Duration time) {
    if (time.compareTo(Duration.ofMillis(1)) < 0 || time.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(name + ": got " + time + ", allowed 1ms to 1d");
    }
  }
}
