package dev.sluice.endpoints.scheduling;

/**
 * An endpoint that may get the request: healthy, serving what is needed, with room, and not tried
 * yet. Read while choosing only; its numbers change afterwards.
 */
public interface Candidate {

  /** Its name. */
  String id();

  /** Requests of ours that run on it now. */
  int ownRequests();

  /** Requests of others, waiting or running, at the last sample; 0 if unknown, or 5 s old. */
  int foreignRequests();

  /** Requests in its own queue at the last sample; 0 if unknown. */
  int waitingRequests();

  /** The used part of its KV cache at the last sample, 0 to 1; 0 if unknown. */
  double kvUtilization();

  /** Its size relative to other endpoints, above 0. */
  double capacityWeight();

  /** Ours and others' requests, relative to its size. */
  default double load() {
    return (ownRequests() + (double) foreignRequests()) / capacityWeight();
  }
}
