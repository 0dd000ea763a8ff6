package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import org.jspecify.annotations.Nullable;

/** A dispatched request that holds capacity. May be read only under the core's lock. */
public interface RunningRequest {

  /** The request as its caller offered it. */
  FlowControlRequest request();

  /** The class of requests with the same needs. */
  EligibilityClass eligibilityClass();

  /** The time of the dispatch. */
  long dispatchedAtNanos();

  /** The output tokens that were predicted at the dispatch, at least 0. */
  long predictedOutputTokens();

  /** The endpoint that serves the request; empty until one is bound. */
  String endpointId();

  /** The object that the detector attached, or null. For the detector's use only. */
  @Nullable Object gateState();

  /** Attaches the detector's own record of this request. */
  void gateState(@Nullable Object state);
}
