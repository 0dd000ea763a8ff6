package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;

/**
 * Computes the cost of a request, in units of {@code Cost}. Monotone in tokens. Stateless; O(1).
 */
public interface CostModel {

  /**
   * The expected cost of a request, at least 1.
   *
   * @param inputTokens the predicted prompt tokens, cached ones included: what the request says of
   *     itself, corrected by what its tenant's earlier requests used
   * @param outputTokens the predicted generated tokens
   */
  long estimate(FlowControlRequest request, long inputTokens, long outputTokens);

  /** The cost of the tokens that were used, at least 0. */
  long actual(Usage usage);
}
