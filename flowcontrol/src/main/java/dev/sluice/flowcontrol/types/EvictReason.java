package dev.sluice.flowcontrol.types;

/** Why a queued request left its queue without being dispatched. */
public enum EvictReason {
  /** Its time to live or its deadline ran out while the pool was saturated. */
  EXPIRED(QueueOutcome.EVICTED_TTL),
  /** Its time ran out while the pool had no endpoints. */
  NO_ENDPOINTS(QueueOutcome.EVICTED_NO_ENDPOINTS),
  /** Its caller left. */
  CANCELLED(QueueOutcome.EVICTED_CONTEXT_CANCELLED),
  /** It gave way to a request of higher priority. */
  DISPLACED(QueueOutcome.EVICTED_DISPLACED),
  /** The controller closed before its turn. */
  SHUTTING_DOWN(QueueOutcome.EVICTED_SHUTTING_DOWN),
  /** Anything else: its queue failed. */
  OTHER(QueueOutcome.EVICTED_OTHER);

  private final QueueOutcome outcome;

  EvictReason(QueueOutcome outcome) {
    this.outcome = outcome;
  }

  /** The outcome that metrics count. */
  public QueueOutcome outcome() {
    return outcome;
  }
}
