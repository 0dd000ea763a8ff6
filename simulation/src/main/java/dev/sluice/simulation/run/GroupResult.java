package dev.sluice.simulation.run;

import java.util.Map;

/**
 * The measurements of one group of requests. Times are in milliseconds, NaN if there is no value.
 * Immutable.
 *
 * @param offered requests that arrived
 * @param dispatched requests that got a permit
 * @param completed requests that were served to the end
 * @param refused requests that were rejected or evicted, by reason
 * @param waitP50 the median time from the offer to the permit
 * @param waitP99 the 99th percentile of that time
 * @param waitMax the longest such time
 * @param ttftP50 the median time from the offer to the first token
 * @param ttftP99 the 99th percentile of that time
 * @param inputTokens prompt tokens of completed requests
 * @param outputTokens generated tokens of completed requests
 * @param cost weighted tokens of dispatched requests: a prompt token counts 1, a generated one 2
 * @param share the group's part of the cost of all requests
 * @param sloOffered requests with an objective for the time to first token
 * @param sloMet requests that met their objective
 */
public record GroupResult(
    long offered,
    long dispatched,
    long completed,
    Map<String, Long> refused,
    double waitP50,
    double waitP99,
    double waitMax,
    double ttftP50,
    double ttftP99,
    long inputTokens,
    long outputTokens,
    double cost,
    double share,
    long sloOffered,
    long sloMet) {

  /** Copies {@code refused}. */
  public GroupResult {
    refused = Map.copyOf(refused);
  }

  /** The number of refused requests. */
  public long refusedTotal() {
    return refused.values().stream().mapToLong(Long::longValue).sum();
  }

  /** The part of the requests with an objective that met it; NaN if none has an objective. */
  public double sloAttainment() {
    return sloOffered == 0 ? Double.NaN : (double) sloMet / sloOffered;
  }
}
