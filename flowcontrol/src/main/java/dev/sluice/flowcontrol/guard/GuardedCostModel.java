package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;

/**
 * The border to the cost model. If the model throws, its exception is reported: an estimate is then
 * 1, and an actual cost is unknown. Guarded by the core's lock.
 */
public final class GuardedCostModel extends PluginSlot<CostModel> implements CostModel {

  /** The result of {@link #actual} if the model failed. */
  public static final long UNKNOWN = -1;

  /** A model in its first state. */
  public GuardedCostModel(Plugin<CostModel> plugin, Faults faults) {
    super(plugin, faults);
  }

  /** Takes another model, unless {@code wanted} is the present one. */
  public void use(Plugin<CostModel> wanted) {
    take(wanted);
  }

  /** At least 1. */
  @Override
  public long estimate(FlowControlRequest request, long predictedOutputTokens) {
    try {
      return Math.max(1, object().estimate(request, predictedOutputTokens));
    } catch (Throwable thrown) {
      caught(thrown);
      return 1;
    }
  }

  /** At least 0, or {@link #UNKNOWN}. */
  @Override
  public long actual(Usage usage) {
    try {
      return Math.max(0, object().actual(usage));
    } catch (Throwable thrown) {
      caught(thrown);
      return UNKNOWN;
    }
  }
}
