package dev.sluice.endpoints.metrics;

import java.util.Set;

/**
 * One sample of a model server's metrics. Immutable.
 *
 * @param waitingRequests requests in the server's own queue, all models and engines together
 * @param runningRequests requests in the server's batch, all models and engines together
 * @param kvUtilization the used part of the KV cache, 0 to 1; with several engines, the fullest
 *     one's; 0 if the page does not say
 * @param kvCapacityTokens the tokens that all KV caches hold together; 0 if the page does not say
 * @param preemptions requests preempted since the server's start
 * @param maxAdapters the LoRA adapters that can run at once; 0 if the page does not say
 * @param runningAdapters the LoRA adapters in the batch
 * @param waitingAdapters the LoRA adapters that queued requests wait for
 */
public record EndpointMetrics(
    int waitingRequests,
    int runningRequests,
    double kvUtilization,
    long kvCapacityTokens,
    long preemptions,
    int maxAdapters,
    Set<String> runningAdapters,
    Set<String> waitingAdapters) {

  /** Copies the sets. Rejects negative counts and a utilization outside 0 to 1. */
  public EndpointMetrics {
    if (waitingRequests < 0
        || runningRequests < 0
        || kvCapacityTokens < 0
        || preemptions < 0
        || maxAdapters < 0) {
      throw new IllegalArgumentException("a count is negative, allowed >= 0");
    }
    if (!(kvUtilization >= 0 && kvUtilization <= 1)) {
      throw new IllegalArgumentException(
          "kvUtilization: got " + kvUtilization + ", allowed 0 to 1");
    }
    runningAdapters = Set.copyOf(runningAdapters);
    waitingAdapters = Set.copyOf(waitingAdapters);
  }

  /** Waiting and running requests together, at most {@link Integer#MAX_VALUE}. */
  public int requests() {
    return (int) Math.min(Integer.MAX_VALUE, (long) waitingRequests + runningRequests);
  }
}
