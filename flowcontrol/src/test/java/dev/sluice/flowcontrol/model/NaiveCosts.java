package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What requests cost, by the engine's own cost model and output predictor as black boxes. What is
 * learned of prompts and of the pace of models is written anew here: ratios of sums in which the
 * newest pair counts for a twentieth, and the first ones alike.
 */
final class NaiveCosts {
  private static final double TOKEN_NANOS = 20e6;

  private final NaivePlugins plugins;

  /** Used over estimated prompt tokens; by tenant and model, and by model alone. */
  private final Map<List<String>, Ratio> prompts = new HashMap<>();

  /** Generated tokens over running time, by model. */
  private final Map<String, Ratio> paces = new HashMap<>();

  private CostModel model;
  private OutputPredictor predictor;

  NaiveCosts(NaivePlugins plugins, Knobs knobs) {
    this.plugins = plugins;
    model = plugins.costs().apply(knobs);
    predictor = plugins.predictors().apply(knobs);
  }

  private static final class Ratio {
    private int pairs;
    private double above;
    private double below;

    void add(double x, double y) {
      pairs++;
      var weight = Math.max(0.05, 1.0 / pairs);
      above += weight * (x - above);
      below += weight * (y - below);
    }
  }

  long predictedOutput(FlowControlRequest request) {
    return predictor.predict(request);
  }

  long estimate(FlowControlRequest request) {
    return model.estimate(request, promptTokens(request), predictor.predict(request));
  }

  long actual(Usage usage) {
    return model.actual(usage);
  }

  private static List<String> ofTenant(FlowControlRequest request) {
    return List.of(request.tenant(), modelOf(request));
  }

  private static List<String> ofModel(FlowControlRequest request) {
    return List.of(modelOf(request));
  }

  private static String modelOf(FlowControlRequest request) {
    return request.eligibility().model();
  }

  private static double estimated(FlowControlRequest request) {
    return Math.max(1, request.inputTokens());
  }

  private long promptTokens(FlowControlRequest request) {
    var ratio = prompts.getOrDefault(ofTenant(request), prompts.get(ofModel(request)));
    return ratio == null
        ? request.inputTokens()
        : Math.round(estimated(request) * (ratio.above / ratio.below));
  }

  private double generated(FlowControlRequest request, long nanos) {
    var pace = paces.get(modelOf(request));
    return pace == null ? nanos * (1 / TOKEN_NANOS) : nanos * (pace.above / pace.below);
  }

  /** Learns from a request that ended with a usage. */
  void learn(NaiveRequest ended, Usage used, long now) {
    if (used.equals(Usage.NONE)) {
      return;
    }
    var request = ended.request;
    predictor.observe(request, used.outputTokens());
    if (used.inputTokens() > 0) {
      for (var key : List.of(ofTenant(request), ofModel(request))) {
        prompts
            .computeIfAbsent(key, k -> new Ratio())
            .add((double) used.inputTokens(), estimated(request));
      }
    }
    if (now > ended.dispatchedAt) {
      paces
          .computeIfAbsent(modelOf(request), m -> new Ratio())
          .add((double) used.outputTokens(), (double) (now - ended.dispatchedAt));
    }
  }

  /** A report of usage; a prompt of 0 tokens is one that was not counted yet. */
  Usage completed(NaiveRequest running, Usage reported) {
    return reported.inputTokens() > 0
        ? reported
        : Usage.of(promptTokens(running.request), reported.outputTokens());
  }

  /** What a request has used whose caller does not say. */
  Usage assumed(NaiveRequest running, long now) {
    var reported = running.reported;
    var seen = reported == null ? 0 : reported.outputTokens();
    var generated = (long) generated(running.request, now - running.reportedAt);
    var output = reported == null ? Math.max(running.predictedOutput, generated) : seen + generated;
    if (running.request.maxOutputTokens() != FlowControlRequest.UNSET) {
      output = Math.max(seen, Math.min(output, running.request.maxOutputTokens()));
    }
    var input = completed(running, reported == null ? Usage.NONE : reported).inputTokens();
    return Usage.of(input, output);
  }

  /** A predictor that stays configured keeps what it has learnt. */
  void reconfigure(Knobs before, Knobs changed) {
    model = plugins.costs().apply(changed);
    if (changed.predictor() != before.predictor()) {
      predictor = plugins.predictors().apply(changed);
    }
  }
}
