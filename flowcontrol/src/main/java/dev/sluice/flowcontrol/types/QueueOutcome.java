package dev.sluice.flowcontrol.types;

/**
 * The outcome of a request, as the value of a metric label. The first nine are upstream's, in
 * upstream's order; the rest are Sluice's own.
 */
public enum QueueOutcome {
  NOT_YET_FINALIZED("NotYetFinalized"),
  DISPATCHED("Dispatched"),
  REJECTED_CAPACITY("RejectedCapacity"),
  REJECTED_NO_ENDPOINTS("RejectedNoEndpoints"),
  REJECTED_OTHER("RejectedOther"),
  EVICTED_TTL("EvictedTTL"),
  EVICTED_NO_ENDPOINTS("EvictedNoEndpoints"),
  EVICTED_CONTEXT_CANCELLED("EvictedContextCancelled"),
  EVICTED_OTHER("EvictedOther"),
  REJECTED_SHUTTING_DOWN("RejectedShuttingDown"),
  REJECTED_FLOW_LIMIT("RejectedFlowLimit"),
  EVICTED_DISPLACED("EvictedDisplaced"),
  EVICTED_SHUTTING_DOWN("EvictedShuttingDown"),
  REJECTED_WOULD_EXPIRE("RejectedWouldExpire");

  private final String label;

  QueueOutcome(String label) {
    this.label = label;
  }

  /** The value of the metric label {@code outcome}. */
  public String label() {
    return label;
  }
}
