package dev.sluice.flowcontrol.plugins.cost;

import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.reading.Checks;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
   * @param alpha the weight of the newest observation, above 0, at most 1
   * @param priorTokens the tokens expected of the first request of a model, at least 0
   * @param maxFlows the most flows, and the most models, that are remembered, above 0
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

  private static final class Mean<K> {
    private final K key;
    private double tokens;
    private boolean used;

    Mean(K key, double tokens) {
      this.key = key;
      this.tokens = tokens;
    }
  }

  /**
   * Means, of which the one that was not used for long is forgotten when there are too many: each
   * that comes to its turn and was used since the last one has another turn. A look-up moves
   * nothing, as it would in a list by last use.
   */
  private static final class Recent<K> {
    private final int most;
    private final Map<K, Mean<K>> means = new HashMap<>();
    private final ArrayDeque<Mean<K>> turns = new ArrayDeque<>();

    Recent(int most) {
      this.most = most;
    }

    @Nullable Mean<K> get(K key) {
      var mean = means.get(key);
      if (mean != null) {
        mean.used = true;
      }
      return mean;
    }

    Mean<K> add(K key, double tokens) {
      if (means.size() == most) {
        makeRoom();
      }
      var mean = new Mean<>(key, tokens);
      means.put(key, mean);
      turns.addLast(mean);
      return mean;
    }

    private void makeRoom() {
      var first = turns.removeFirst();
      while (first.used) {
        first.used = false;
        turns.addLast(first);
        first = turns.removeFirst();
      }
      means.remove(first.key);
    }
  }

  private final Parameters parameters;
  private final Recent<FlowKey> flows;
  private final Recent<String> models;

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
      ofModel = models.add(model, (double) parameters.priorTokens());
    }
    var ofFlow = flows.get(request.flow());
    if (ofFlow == null) {
      ofFlow = flows.add(request.flow(), ofModel.tokens);
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
