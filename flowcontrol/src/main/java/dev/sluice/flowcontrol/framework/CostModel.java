package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;

/**
 * Computes the cost of a request, in units of {@code Cost}. Monotone in tokens. Stateless; O(1).
 */
public interface CostModel {

  /** The expected cost of a request, at least 1. */
  long estimate(FlowControlRequest request, long predictedOutputTokens);

  /** The cost of the tokens that were used, at least 0. */
  long actual(Usage usage);
}
