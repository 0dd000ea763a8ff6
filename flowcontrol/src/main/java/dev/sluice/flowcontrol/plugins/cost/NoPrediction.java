package dev.sluice.flowcontrol.plugins.cost;

import dev.sluice.flowcontrol.framework.NoParameters;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.PluginProvider;
import dev.sluice.flowcontrol.types.FlowControlRequest;

/**
 * Expects no output: a flow is charged its prompts when they are dispatched and what they generated
 * as it is reported. For comparison; a competitor's return then stalls the others for longer than
 * with a prediction. Stateless. Type {@code none}.
 */
public final class NoPrediction implements OutputPredictor {

  /** A predictor; there is nothing to choose. */
  public NoPrediction() {}

  @Override
  public long predict(FlowControlRequest request) {
    return 0;
  }

  @Override
  public void observe(FlowControlRequest request, long outputTokens) {}

  /** Makes them for configuration. Stateless. */
  public static final class Provider implements PluginProvider<OutputPredictor, NoParameters> {

    /** For {@link java.util.ServiceLoader}. */
    public Provider() {}

    @Override
    public String type() {
      return "none";
    }

    @Override
    public Class<OutputPredictor> kind() {
      return OutputPredictor.class;
    }

    @Override
    public NoParameters defaults() {
      return NoParameters.INSTANCE;
    }

    @Override
    public OutputPredictor create(NoParameters parameters) {
      return new NoPrediction();
    }
  }
}
