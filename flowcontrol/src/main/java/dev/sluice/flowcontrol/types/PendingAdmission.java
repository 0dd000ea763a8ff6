package dev.sluice.flowcontrol.types;

/** A request that was offered through the asynchronous entry. Thread-safe; no method blocks. */
public interface PendingAdmission {

  /** The request. */
  FlowControlRequest request();

  /**
   * Gives the request up. True if the request was queued: it has left its queue, its place is free,
   * and its outcome is {@code Evicted(CANCELLED)}. False if its outcome was decided before: then
   * the caller gets that outcome, and must return the permit if there is one.
   */
  boolean cancel();
}
