package dev.sluice.endpoints.metrics;

/** The result of reading a metrics page. */
public sealed interface MetricsPage {

  /**
   * The page shows the endpoint's load.
   *
   * @param metrics the sample
   * @param brokenLines lines that were skipped because they are broken
   */
  record Usable(EndpointMetrics metrics, int brokenLines) implements MetricsPage {}

  /**
   * The page does not show the endpoint's load.
   *
   * @param reason the reason, for a log
   * @param brokenLines lines that were skipped because they are broken
   */
  record Unusable(String reason, int brokenLines) implements MetricsPage {}
}
