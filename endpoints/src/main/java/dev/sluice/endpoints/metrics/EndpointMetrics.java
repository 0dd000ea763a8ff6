package dev.sluice.endpoints.metrics;

import java.util.Set;

/**
 * What a model server says of itself. Immutable.
 *
 * @param flavour whose names its page used; never {@link EngineFlavour#DETECT}
 * @param waitingRequests requests in its own queue, over all its models and engines
 * @param runningRequests requests in its batch, over all its models and engines
 * @param kvUtilization the used part of its KV cache, 0 to 1; of several engines the fullest one's;
 *     0 if it does not say
 * @param kvCapacityTokens the tokens that its KV caches hold together; 0 if it does not say
 * @param preemptions requests that it has preempted since its start
 * @param maxAdapters the LoRA adapters that it can run at once; 0 if it does not say
 * @param runningAdapters the LoRA adapters in its batch
 * @param waitingAdapters the LoRA adapters that requests in its queue wait for
 */
public record EndpointMetrics(
    EngineFlavour flavour,
    int waitingRequests,
    int runningRequests,
    double kvUtilization,
    long kvCapacityTokens,
    long preemptions,
    int maxAdapters,
    Set<String> runningAdapters,
    Set<String> waitingAdapters) {

  /** Copies the sets; rejects negative counts and a utilization outside 0 to 1. */
  public EndpointMetrics {
    if (flavour == EngineFlavour.DETECT) {
      throw new IllegalArgumentException("flavour: got DETECT, allowed a known engine's");
    }
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

  /** Requests waiting and running; at most {@link Integer#MAX_VALUE}. */
  public int requests() {
    return (int) Math.min(Integer.MAX_VALUE, (long) waitingRequests + runningRequests);
  }
}
