package dev.sluice.observability.audit;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import org.jspecify.annotations.Nullable;

/**
 * One event of the engine, as the audit needs it.
 *
 * @param sequence the number of the event in the order of the decisions, from 1
 * @param nowNanos the time of the decision
 * @param request the request that the event is about; null if it is about none
 */
record Event(long sequence, Kind kind, long nowNanos, @Nullable FlowControlRequest request) {

  /** The kinds of events that the audit tells apart. */
  enum Kind {
    QUEUED,
    DISPATCHED,
    DISPATCHED_AT_ONCE,
    DISPATCHED_BY_RESERVATION,
    REJECTED,
    DISPLACED,
    EVICTED,
    RETURNED,
    RECLAIMED,
    OTHER
  }
}
