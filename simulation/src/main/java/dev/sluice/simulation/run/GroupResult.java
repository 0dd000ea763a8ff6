package dev.sluice.simulation.run;

import java.util.Map;

/**
 * What a simulation measured of some of its requests. Times are in milliseconds; NaN where nothing
 * was measured. Immutable.
 *
 * @param offered requests that arrived
 * @param dispatched those that got a permit
 * @param completed those that were served to the end
 * @param refused those that were rejected or evicted, by reason
 * @param waitP50 of those dispatched, from the offer to the permit
 * @param waitP99 as {@code waitP50}
 * @param waitMax as {@code waitP50}
 * @param ttftP50 from the offer to the first token, the server's own queue included
 * @param ttftP99 as {@code ttftP50}
 * @param inputTokens of those completed
 * @param outputTokens of those completed
 * @param cost of those dispatched, in weighted tokens: prompt tokens count 1, generated ones 2
 * @param share its part of the cost of all
 * @param sloOffered those that named a time to first token
 * @param sloMet those of them whose first token came in time
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

  /** All that were refused. */
  public long refusedTotal() {
    return refused.values().stream().mapToLong(Long::longValue).sum();
  }

  /** The part of requests with an objective that met it, or NaN if there are none. */
  public double sloAttainment() {
    return sloOffered == 0 ? Double.NaN : (double) sloMet / sloOffered;
  }
}
