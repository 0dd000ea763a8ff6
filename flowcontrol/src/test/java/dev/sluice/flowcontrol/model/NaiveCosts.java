package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;

/** The costs of requests, by the engine's own cost model and output predictor as black boxes. */
final class NaiveCosts {
  private final NaivePlugins plugins;
  private CostModel model;
  private OutputPredictor predictor;

  NaiveCosts(NaivePlugins plugins, Knobs knobs) {
    this.plugins = plugins;
    model = plugins.costs().apply(knobs);
    predictor = plugins.predictors().apply(knobs);
  }

  long estimate(FlowControlRequest request) {
    return model.estimate(request, predictor.predict(request));
  }

  long actual(Usage usage) {
    return model.actual(usage);
  }

  /** Teaches the predictor how long an output was. */
  void observe(FlowControlRequest request, Usage usage) {
    if (usage.outputTokens() > 0) {
      predictor.observe(request, usage.outputTokens());
    }
  }

  /** A predictor that stays configured keeps what it has learnt. */
  void reconfigure(Knobs before, Knobs changed) {
    model = plugins.costs().apply(changed);
    if (changed.predictor() != before.predictor()) {
      predictor = plugins.predictors().apply(changed);
    }
  }
}
