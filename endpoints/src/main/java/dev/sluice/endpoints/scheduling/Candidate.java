package dev.sluice.endpoints.scheduling;

import java.util.Map;
import java.util.Set;

/**
 * An endpoint that may get the request: it is healthy, serves what is needed, has room, and is not
 * among those at which the request failed. Valid during the call of a plugin only: its numbers
 * change afterwards. A number that no sample gave is 0.
 */
public interface Candidate {

  /** The endpoint's id. */
  String id();

  /** The endpoint's host and port, as {@code host:port}. */
  String address();

  /** The endpoint's labels. */
  Map<String, String> labels();

  /** Requests of this process that have a lease on it now. */
  int ownRequests();

  /** Estimated prompt tokens of those of our requests whose answers have not begun. */
  long ownPromptTokens();

  /**
   * Requests of other senders, waiting or running, in the last sample; 0 if there is no sample
   * younger than 5 s.
   */
  int foreignRequests();

  /** Requests in the endpoint's own queue in the last sample. */
  int waitingRequests();

  /** Requests in the endpoint's batch in the last sample. */
  int runningRequests();

  /** The used part of the KV cache in the last sample, 0 to 1. */
  double kvUtilization();

  /** The tokens that the endpoint's KV caches hold; 0 if unknown. */
  long kvCapacityTokens();

  /** The age of the last sample; {@link Long#MAX_VALUE} if there was none. */
  long sampleAgeNanos();

  /** The LoRA adapters that can run at once; 0 if unknown. */
  int maxAdapters();

  /** The LoRA adapters in the endpoint's batch. */
  Set<String> runningAdapters();

  /** The LoRA adapters that requests in the endpoint's queue wait for. */
  Set<String> waitingAdapters();

  /** The size relative to other endpoints, above 0. */
  double capacityWeight();

  /** The requests of all senders, divided by the capacity weight. */
  default double load() {
    return (ownRequests() + (double) foreignRequests()) / capacityWeight();
  }
}
