package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.types.FlowControlRequest;

/** A request that was offered through the asynchronous entry. Thread-safe; no method blocks. */
public interface PendingAdmission {

  /** The request. */
  FlowControlRequest request();

  /**
   * The caller gave up. True if the request was queued: it has left its queue, its place is free,
   * and its outcome is {@code Evicted(CANCELLED)}. False if its outcome was decided before: then
   * that is what the caller gets, and a permit among it must be returned.
   */
  boolean cancel();
}
