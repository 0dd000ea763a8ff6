package dev.sluice.flowcontrol.types;

/**
 * What became of a request, as a metric label. The first nine are upstream's, in its order; the
 * rest are ours.
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
  EVICTED_SHUTTING_DOWN("EvictedShuttingDown");

  private final String label;

  QueueOutcome(String label) {
    this.label = label;
  }

  /** The value of the {@code outcome} label. */
  public String label() {
    return label;
  }
}
