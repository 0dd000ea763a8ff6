package dev.sluice.flowcontrol.plugins.cost;

import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.reading.Checks;
import dev.sluice.flowcontrol.structures.Recent;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;

/**
 * Predicts a flow's output length as the exponential moving average {@code m = 0.8 m + 0.2 x} of
 * what it generated before. A new flow starts from its model's average, a new model from a
 * constant. Never more than the request's own limit. Flows and models that were not seen for long
 * are forgotten when there are too many. O(1), counted over many calls. The fair queue's bound
 * holds with any predictor; this one is that of the VTC artifact (Sheng et al., OSDI 2024). Type
 * {@code ema}. Runs under the core's lock.
 */
public final class MovingAverage implements OutputPredictor {

  /**
   * Parameters of {@code ema}. Immutable.
   *
   * @param alpha the weight of the newest observation, above 0, at most 1. Lower it if the lengths
   *     of answers vary much
   * @param priorTokens the tokens expected of the first request of a model, at least 0. Set it to
   *     the usual length of an answer
   * @param maxFlows the most flows, and the most models, that are remembered, above 0. Raise it if
   *     more tenants than that are active at a time
   */
  public record Parameters(double alpha, long priorTokens, int maxFlows) {

    /** 0.2, 256 tokens, 10,000 flows. */
    public static final Parameters DEFAULT = new Parameters(0.2, 256, 10_000);

    /** Rejects values outside their ranges. */
    public Parameters {
      new Checks()
          .fraction("alpha", alpha)
          .notNegative("priorTokens", priorTokens)
          .positive("maxFlows", maxFlows)
          .done();
    }
  }

  private static final class Mean<K> extends Recent.Entry<K> {
    private double tokens;

    Mean(K key, double tokens) {
      super(key);
      this.tokens = tokens;
    }
  }

  private final Parameters parameters;
  private final Recent<FlowKey, Mean<FlowKey>> flows;
  private final Recent<String, Mean<String>> models;

  /** A predictor that has seen nothing. */
  public MovingAverage(Parameters parameters) {
    this.parameters = parameters;
    flows = new Recent<>(parameters.maxFlows());
    models = new Recent<>(parameters.maxFlows());
  }

  @Override
  public long predict(FlowControlRequest request) {
    var expected = Math.round(mean(request));
    var limit = request.maxOutputTokens();
    return limit == FlowControlRequest.UNSET ? expected : Math.min(expected, limit);
  }

  @Override
  public void observe(FlowControlRequest request, long outputTokens) {
    var model = request.eligibility().model();
    var ofModel = models.get(model);
    if (ofModel == null) {
      ofModel = models.add(new Mean<>(model, (double) parameters.priorTokens()));
    }
    var ofFlow = flows.get(request.flow());
    if (ofFlow == null) {
      ofFlow = flows.add(new Mean<>(request.flow(), ofModel.tokens));
    }
    learn(ofFlow, outputTokens);
    learn(ofModel, outputTokens);
  }

  private void learn(Mean<?> mean, long outputTokens) {
    mean.tokens += parameters.alpha() * (outputTokens - mean.tokens);
  }

  private double mean(FlowControlRequest request) {
    var ofFlow = flows.get(request.flow());
    if (ofFlow != null) {
      return ofFlow.tokens;
    }
    var ofModel = models.get(request.eligibility().model());
    return ofModel == null ? parameters.priorTokens() : ofModel.tokens;
  }
}
