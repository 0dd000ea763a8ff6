package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.types.FlowControlRequest;

/**
 * The border to the output predictor. If the predictor throws, its exception is reported, and no
 * output is expected. Guarded by the core's lock.
 */
public final class GuardedOutputPredictor extends PluginSlot<OutputPredictor>
    implements OutputPredictor {
  /** A predictor that has learned nothing. */
  public GuardedOutputPredictor(Plugin<OutputPredictor> plugin, Faults faults) {
    super(plugin, faults);
  }

  /** Takes another predictor, unless {@code wanted} is the present one. */
  public void use(Plugin<OutputPredictor> wanted) {
    take(wanted);
  }

  /** At least 0. */
  @Override
  public long predict(FlowControlRequest request) {
    try {
      return Math.max(0, object().predict(request));
    } catch (Throwable thrown) {
      caught(thrown);
      return 0;
    }
  }

  @Override
  public void observe(FlowControlRequest request, long outputTokens) {
    try {
      object().observe(request, outputTokens);
    } catch (Throwable thrown) {
      caught(thrown);
    }
  }
}
