package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import java.util.function.Function;

/** The plugins that the naive engine uses as black boxes, made for a configuration. */
record NaivePlugins(
    Function<Knobs, CostModel> costs,
    Function<Knobs, OutputPredictor> predictors,
    Function<Knobs, BandPolicy> bandPolicies) {

  /** The engine's own plugins. */
  static NaivePlugins ofEngine() {
    return new NaivePlugins(
        knobs -> Translation.costs(knobs).create(),
        knobs -> Translation.predictor(knobs).create(),
        knobs -> Translation.bands(knobs).create());
  }
}
