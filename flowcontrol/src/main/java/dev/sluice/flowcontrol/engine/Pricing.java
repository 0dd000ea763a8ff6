package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.guard.GuardedCostModel;
import dev.sluice.flowcontrol.guard.GuardedOutputPredictor;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;

/**
 * What requests cost: expected when they are offered and again when they are dispatched, corrected
 * by what they used, and assumed if nobody says what that was.
 */
final class Pricing {
  private final GuardedCostModel model;
  private final GuardedOutputPredictor predictor;
  private final Experience experience = new Experience();

  Pricing(FlowControlConfig config, Round round) {
    model = new GuardedCostModel(config.costModel(), round);
    predictor = new GuardedOutputPredictor(config.outputPredictor(), round);
  }

  void configure(FlowControlConfig config) {
    model.use(config.costModel());
    predictor.use(config.outputPredictor());
  }

  /** Notes in a request the tokens and the cost that are expected of it, as far as known now. */
  void estimate(PendingRequest request) {
    var asked = request.request();
    var output = predictor.predict(asked);
    request.price(output, model.estimate(asked, experience.promptTokens(request), output));
  }

  /** The cost of a request beyond the charge so far; negative if it has cost less. */
  long error(PendingRequest request, Usage used) {
    var actual = model.actual(used);
    return actual == GuardedCostModel.UNKNOWN ? 0 : actual - request.cost();
  }

  /** Learns from what a request used in all. One that used nothing did not run. */
  void learn(PendingRequest request, Usage used, long ranNanos) {
    if (used.inputTokens() > 0 || used.outputTokens() > 0) {
      predictor.observe(request.request(), used.outputTokens());
      experience.learn(request, used, ranNanos);
    }
  }

  /** A report of usage, with the predicted prompt in place of one that was not counted yet. */
  Usage completed(PendingRequest request, Usage reported) {
    return reported.inputTokens() > 0
        ? reported
        : withPredictedPrompt(request, reported.outputTokens());
  }

  /**
   * What a request is assumed to have used that returns its permit now without saying.
   *
   * @param report what it reported last
   */
  Usage assumed(PendingRequest request, PendingRequest.Report report, long nowNanos) {
    var soFar = completed(request, report.usage());
    var seen = soFar.outputTokens();
    var prompt = seen > 0 ? 0 : uncached(soFar); // the first token shows that the prompt was read
    var more = experience.generated(request, nowNanos - report.atNanos(), prompt);
    var output = plausible(request, seen, seen + more);
    return new Usage(soFar.inputTokens(), soFar.cachedInputTokens(), output);
  }

  /** The same for a request that never reported anything. */
  Usage assumed(PendingRequest request, long nowNanos) {
    var used = withPredictedPrompt(request, request.predictedOutputTokens());
    var ran = nowNanos - request.dispatchedAtNanos();
    var generated = experience.generated(request, ran, uncached(used));
    var output = plausible(request, 0, Math.max(used.outputTokens(), generated));
    return new Usage(used.inputTokens(), used.cachedInputTokens(), output);
  }

  private static long uncached(Usage usage) {
    return usage.inputTokens() - usage.cachedInputTokens();
  }

  private Usage withPredictedPrompt(PendingRequest request, long outputTokens) {
    var input = experience.promptTokens(request);
    return new Usage(input, request.request().cachedPartOf(input), outputTokens);
  }

  /** At least what was seen, and no more than the request may generate. */
  private static long plausible(PendingRequest request, long seen, long assumed) {
    var limit = request.request().maxOutputTokens();
    return limit == FlowControlRequest.UNSET ? assumed : Math.max(seen, Math.min(assumed, limit));
  }
}
