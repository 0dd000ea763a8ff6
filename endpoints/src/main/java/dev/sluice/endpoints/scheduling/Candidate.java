package dev.sluice.endpoints.scheduling;

/**
 * An endpoint that may get the request: it is healthy, serves what is needed, has room, and is not
 * among those at which the request failed. Valid during the call of the picker only: its numbers
 * change afterwards.
 */
public interface Candidate {

  /** The endpoint's id. */
  String id();

  /** Requests of this process that have a lease on it now. */
  int ownRequests();

  /**
   * Requests of other senders, waiting or running, in the last sample; 0 if there is no sample
   * younger than 5 s.
   */
  int foreignRequests();

  /** Requests in the endpoint's own queue in the last sample; 0 if never sampled. */
  int waitingRequests();

  /** The used part of the KV cache in the last sample, 0 to 1; 0 if never sampled. */
  double kvUtilization();

  /** The size relative to other endpoints, above 0. */
  double capacityWeight();

  /** The requests of all senders, divided by the capacity weight. */
  default double load() {
    return (ownRequests() + (double) foreignRequests()) / capacityWeight();
  }
}
