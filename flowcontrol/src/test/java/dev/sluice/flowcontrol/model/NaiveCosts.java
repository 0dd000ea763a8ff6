package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The costs of requests, by the engine's own cost model and output predictor as black boxes. What
 * is learned of prompts and of paces is written anew here: ratios of sums in which the newest pair
 * counts for a twentieth, and the first pairs alike.
 */
final class NaiveCosts {
  private static final double TOKEN_NANOS = 20e6;

  private final NaivePlugins plugins;

  /** Used over estimated prompt tokens; by tenant and model, and by model alone. */
  private final Map<List<String>, Ratio> prompts = new HashMap<>();

  /** Work over running time; by tenant and model, and by model alone. */
  private final Map<List<String>, Ratio> paces = new HashMap<>();

  /** The tenants that ended requests for a model, the last one last. */
  private final Map<String, List<String>> tenants = new HashMap<>();

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
      var scale = below > 0 && y > 8 * below ? 8 * below / y : 1;
      above += weight * (x * scale - above);
      below += weight * (y * scale - below);
    }

    double value() {
      return above / below;
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
    return ratio == null ? request.inputTokens() : Math.round(estimated(request) * ratio.value());
  }

  private double pace(FlowControlRequest request) {
    var ofModel = paces.get(ofModel(request));
    var ofAll = ofModel == null ? 1 / TOKEN_NANOS : ofModel.value();
    var own = paces.get(ofTenant(request));
    return own == null ? ofAll : Math.max(own.value(), Math.min(ofAll, 1 / TOKEN_NANOS));
  }

  private long generated(FlowControlRequest request, long nanos, long prompt) {
    return (long) Math.max(0, nanos * pace(request) - prompt / 100.0);
  }

  /** Learns from a request that ended with a usage. */
  void learn(NaiveRequest ended, Usage used, long now) {
    if (used.equals(Usage.NONE)) {
      return;
    }
    var request = ended.request;
    predictor.observe(request, used.outputTokens());
    var endedBy = tenants.computeIfAbsent(modelOf(request), m -> new ArrayList<>());
    var isAgain = !endedBy.isEmpty() && endedBy.get(endedBy.size() - 1).equals(request.tenant());
    endedBy.remove(request.tenant());
    endedBy.add(request.tenant());
    var keys =
        isAgain && endedBy.size() > 1
            ? List.of(ofTenant(request))
            : List.of(ofTenant(request), ofModel(request));
    for (var key : keys) {
      if (used.inputTokens() > 0) {
        add(prompts, key, (double) used.inputTokens(), estimated(request));
      }
      if (now > ended.dispatchedAt) {
        var work = used.outputTokens() + (used.inputTokens() - used.cachedInputTokens()) / 100.0;
        add(paces, key, work, (double) (now - ended.dispatchedAt));
      }
    }
  }

  private static void add(
      Map<List<String>, Ratio> ratios, List<String> key, double above, double below) {
    ratios.computeIfAbsent(key, k -> new Ratio()).add(above, below);
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
    var input = completed(running, reported == null ? Usage.NONE : reported).inputTokens();
    var generated = generated(running.request, now - running.reportedAt, seen > 0 ? 0 : input);
    var output = reported == null ? Math.max(running.predictedOutput, generated) : seen + generated;
    if (running.request.maxOutputTokens() != FlowControlRequest.UNSET) {
      output = Math.max(seen, Math.min(output, running.request.maxOutputTokens()));
    }
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
