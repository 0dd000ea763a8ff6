package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowControlRequest;

/** Predicts the number of tokens that a request will generate. Runs under the core's lock; O(1). */
public interface OutputPredictor {

  /** The expected output tokens, at least 0. */
  long predict(FlowControlRequest request);

  /** Learns from a request that ended after it generated {@code outputTokens} tokens. */
  void observe(FlowControlRequest request, long outputTokens);
}
