package dev.sluice.flowcontrol.types;

/** Why a request was never queued. */
public enum RejectReason {
  /**
   * The band or the whole queue is full, or the tenant has its share of it, and no queued request
   * could give way.
   */
  CAPACITY(QueueOutcome.REJECTED_CAPACITY),
  /** The queue is full, and the pool has no healthy endpoint. */
  NO_ENDPOINTS(QueueOutcome.REJECTED_NO_ENDPOINTS),
  /** The controller is shutting down or closed. */
  SHUTTING_DOWN(QueueOutcome.REJECTED_SHUTTING_DOWN),
  /** The flow or the tenant of the request is at one of its limits. */
  FLOW_LIMIT(QueueOutcome.REJECTED_FLOW_LIMIT),
  /** The request's deadline had passed when it arrived. */
  EXPIRED(QueueOutcome.REJECTED_OTHER),
  /**
   * The request would have expired in the queue: its turn is predicted to come later than it may
   * wait.
   */
  WOULD_EXPIRE(QueueOutcome.REJECTED_WOULD_EXPIRE),
  /** Anything else: a plugin failed, or there are too many bands. */
  OTHER(QueueOutcome.REJECTED_OTHER);

  private final QueueOutcome outcome;

  RejectReason(QueueOutcome outcome) {
    this.outcome = outcome;
  }

  /** The outcome under which metrics count this reason. */
  public QueueOutcome outcome() {
    return outcome;
  }
}
