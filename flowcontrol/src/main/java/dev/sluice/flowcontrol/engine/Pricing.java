package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.guard.GuardedCostModel;
import dev.sluice.flowcontrol.guard.GuardedOutputPredictor;
import dev.sluice.flowcontrol.types.Usage;

/** What requests cost: expected at their offer, corrected by what they used. */
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

  /** Tells a request what it is expected to generate and to cost. */
  void estimate(PendingRequest request) {
    var output = predictor.predict(request.request());
    request.price(output, model.estimate(request.request(), output));
  }

  /** How much more than was charged so far a request has cost; negative if it has cost less. */
  long error(PendingRequest request, Usage used) {
    var actual = model.actual(used);
    return actual == GuardedCostModel.UNKNOWN ? 0 : actual - request.cost();
  }

  /** Learns from what a request generated in all. */
  void learn(PendingRequest request, Usage used) {
    if (used.outputTokens() > 0) {
      predictor.observe(request.request(), used.outputTokens());
    }
  }

  /** What a request is assumed to have used if nobody says. */
  static Usage assumed(PendingRequest request) {
    return Usage.of(request.request().inputTokens(), request.predictedOutputTokens());
  }
}
