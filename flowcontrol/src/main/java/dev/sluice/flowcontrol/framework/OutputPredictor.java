package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowControlRequest;

/** Guesses how many tokens a request will generate. Runs under the core's lock; O(1). */
public interface OutputPredictor {

  /** The expected output tokens, at least 0. */
  long predict(FlowControlRequest request);

  /** A request generated so many tokens in all. */
  void observe(FlowControlRequest request, long outputTokens);
}
