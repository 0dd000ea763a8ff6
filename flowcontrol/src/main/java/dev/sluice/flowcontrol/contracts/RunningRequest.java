package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import org.jspecify.annotations.Nullable;

/** A request that holds capacity. Read under the core's lock only. */
public interface RunningRequest {

  /** The request. */
  FlowControlRequest request();

  /** What it needs. */
  EligibilityClass eligibilityClass();

  /** When it was dispatched. */
  long dispatchedAtNanos();

  /** The tokens that it was expected to generate when it was dispatched, at least 0. */
  long predictedOutputTokens();

  /** The endpoint that serves it; empty until one is bound. */
  String endpointId();

  /** What its detector attached, or null. For the detector's use alone. */
  @Nullable Object gateState();

  /** Attaches the detector's own record of this request. */
  void gateState(@Nullable Object state);
}
