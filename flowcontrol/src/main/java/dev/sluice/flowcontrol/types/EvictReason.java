package dev.sluice.flowcontrol.types;

/** Why a queued request left its queue without being dispatched. */
public enum EvictReason {
  /** The request's time to live or deadline ran out while the pool was saturated. */
  EXPIRED(QueueOutcome.EVICTED_TTL),
  /** The request's time ran out while the pool had no healthy endpoint. */
  NO_ENDPOINTS(QueueOutcome.EVICTED_NO_ENDPOINTS),
  /** The caller cancelled the request. */
  CANCELLED(QueueOutcome.EVICTED_CONTEXT_CANCELLED),
  /**
   * The request gave way to a request of higher priority, or, because its tenant or flow had most
   * of a full queue, to one of its own priority.
   */
  DISPLACED(QueueOutcome.EVICTED_DISPLACED),
  /** The controller closed before the request's turn came. */
  SHUTTING_DOWN(QueueOutcome.EVICTED_SHUTTING_DOWN),
  /** The queue that held the request failed. */
  OTHER(QueueOutcome.EVICTED_OTHER);

  private final QueueOutcome outcome;

  EvictReason(QueueOutcome outcome) {
    this.outcome = outcome;
  }

  /** The outcome under which metrics count this reason. */
  public QueueOutcome outcome() {
    return outcome;
  }
}
