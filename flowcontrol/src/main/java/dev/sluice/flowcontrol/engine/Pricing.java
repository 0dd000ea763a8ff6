package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.guard.GuardedCostModel;
import dev.sluice.flowcontrol.guard.GuardedOutputPredictor;
import dev.sluice.flowcontrol.types.Usage;

/** Prices requests: by expectation at the offer, and by their use afterwards. */
final class Pricing {
  private final GuardedCostModel model;
  private final GuardedOutputPredictor predictor;

  Pricing(FlowControlConfig config, Round round) {
    model = new GuardedCostModel(config.costModel(), round);
    predictor = new GuardedOutputPredictor(config.outputPredictor(), round);
  }

  void configure(FlowControlConfig config) {
    model.use(config.costModel());
    predictor.use(config.outputPredictor());
  }

  /** Notes in a request the tokens and the cost that are expected of it. */
  void estimate(PendingRequest request) {
    var output = predictor.predict(request.request());
    request.price(output, model.estimate(request.request(), output));
  }

  /** The cost of a request beyond the charge so far; negative if it has cost less. */
  long error(PendingRequest request, Usage used) {
    var actual = model.actual(used);
    return actual == GuardedCostModel.UNKNOWN ? 0 : actual - request.cost();
  }

  /** Learns from the number of tokens that a request generated in all. */
  void learn(PendingRequest request, Usage used) {
    if (used.outputTokens() > 0) {
      predictor.observe(request.request(), used.outputTokens());
    }
  }

  /** The use that is assumed for a request if nobody reports it. */
  static Usage assumed(PendingRequest request) {
    return Usage.of(request.request().inputTokens(), request.predictedOutputTokens());
  }
}
