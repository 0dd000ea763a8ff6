package dev.sluice.endpoints.metrics;

/** What reading a metrics page came to. */
public sealed interface MetricsPage {

  /**
   * The page says how the endpoint is.
   *
   * @param metrics what it says
   * @param brokenLines lines that were skipped because they are broken
   */
  record Usable(EndpointMetrics metrics, int brokenLines) implements MetricsPage {}

  /**
   * The page does not say how the endpoint is.
   *
   * @param reason why, for a log
   * @param brokenLines lines that were skipped because they are broken
   */
  record Unusable(String reason, int brokenLines) implements MetricsPage {}
}
