package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;

/** What a request costs its flow, in units of {@code Cost}. Monotone in tokens. Stateless; O(1). */
public interface CostModel {

  /** The cost expected of a request, at least 1. */
  long estimate(FlowControlRequest request, long predictedOutputTokens);

  /** The cost of what was used, at least 0. */
  long actual(Usage usage);
}
