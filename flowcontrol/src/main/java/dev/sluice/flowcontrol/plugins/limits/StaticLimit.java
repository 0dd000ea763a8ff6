package dev.sluice.flowcontrol.plugins.limits;

import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.reading.Checks;
import java.util.Arrays;

/**
 * All bands stop at the same saturation. O(bands). Upstream: {@code static-usage-limit-policy}.
 * Type {@code static}. Stateless.
 */
public final class StaticLimit implements UsageLimitPolicy {

  /**
   * Parameters of {@code static}. Immutable.
   *
   * @param threshold the saturation at which all bands stop, above 0, at most 1. Lower it to leave
   *     a part of the pool to senders that do not pass through the gateway
   */
  public record Parameters(double threshold) {

    /** Bands stop when the pool has no room. */
    public static final Parameters DEFAULT = new Parameters(1.0);

    /** Rejects a threshold outside its range. */
    public Parameters {
      new Checks().fraction("threshold", threshold).done();
    }
  }

  private final double threshold;

  /** Makes a policy with these parameters. */
  public StaticLimit(Parameters parameters) {
    threshold = parameters.threshold();
  }

  @Override
  public void ceilings(double saturation, int[] priorities, double[] ceilings) {
    Arrays.fill(ceilings, 0, priorities.length, threshold);
  }

  @Override
  public boolean dependsOnSaturation() {
    return false;
  }
}
