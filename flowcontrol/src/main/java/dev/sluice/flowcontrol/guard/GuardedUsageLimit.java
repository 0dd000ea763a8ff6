package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import java.util.Arrays;

/**
 * The border to the usage limit policy. If the policy throws, its exception is reported, and every
 * band may use the whole pool. Guarded by the core's lock.
 */
public final class GuardedUsageLimit extends PluginSlot<UsageLimitPolicy>
    implements UsageLimitPolicy {
  /** A policy in its first state. */
  public GuardedUsageLimit(Plugin<UsageLimitPolicy> plugin, Faults faults) {
    super(plugin, faults);
  }

  /**
   * Takes another policy.
   *
   * @return false if the policy is the present one, which stays
   */
  public boolean use(Plugin<UsageLimitPolicy> wanted) {
    return take(wanted);
  }

  @Override
  public void ceilings(double saturation, int[] priorities, double[] ceilings) {
    try {
      object().ceilings(saturation, priorities, ceilings);
    } catch (Throwable thrown) {
      caught(thrown);
      Arrays.fill(ceilings, 1.0);
    }
  }

  @Override
  public boolean dependsOnSaturation() {
    try {
      return object().dependsOnSaturation();
    } catch (Throwable thrown) {
      caught(thrown);
      return true;
    }
  }
}
