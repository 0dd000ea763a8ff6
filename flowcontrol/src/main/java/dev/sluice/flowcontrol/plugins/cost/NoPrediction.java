package dev.sluice.flowcontrol.plugins.cost;

import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.types.FlowControlRequest;

/**
 * Expects no output: a flow is charged its prompts when they are dispatched and what they generated
 * as it is reported. For comparison; a competitor's return then stalls the others for longer than
 * with a prediction. Stateless. Type {@code none}.
 */
public final class NoPrediction implements OutputPredictor {

  /** A predictor. */
  public NoPrediction() {}

  @Override
  public long predict(FlowControlRequest request) {
    return 0;
  }

  @Override
  public void observe(FlowControlRequest request, long outputTokens) {}
}
