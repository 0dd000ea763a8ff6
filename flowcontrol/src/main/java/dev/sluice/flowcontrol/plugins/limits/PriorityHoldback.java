package dev.sluice.flowcontrol.plugins.limits;

import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.reading.Checks;

/**
 * Holds capacity back for more important bands: the less important a band, the lower its ceiling.
 * With domain {@code rank} the ceilings of the N bands are spaced evenly, with {@code value} in
 * proportion to their priorities:
 *
 * <pre>
 *   rank    ceiling_i = max - i * (max - min) / (N - 1)
 *   value   ceiling_p = min + (max - min) * (p - lowest) / (highest - lowest)
 * </pre>
 *
 * <p>A single band gets {@code max}. O(bands). Upstream: {@code priority-holdback-policy}. Type
 * {@code priority-holdback}. Stateless.
 */
public final class PriorityHoldback implements UsageLimitPolicy {

  /** The curve by which ceilings fall from the most to the least important band. */
  public enum Shape {
    /** A straight line. */
    LINEAR
  }

  /** The measure by which ceilings fall. */
  public enum Domain {
    /** The place of the band in the order of priorities. */
    RANK,
    /** The priority of the band. */
    VALUE
  }

  /**
   * Parameters of {@code priority-holdback}. Immutable.
   *
   * @param shape the curve by which ceilings fall; {@code linear} is the only one
   * @param domain the measure by which ceilings fall: the rank of a band among the bands, or the
   *     value of its priority. Choose {@code value} if the distances between priorities matter
   * @param minCeiling the saturation at which the least important band stops, at least 0, below
   *     {@code maxCeiling}. Lower it to keep more of the pool free for important bands; upstream
   *     has no default for it
   * @param maxCeiling the saturation at which the most important band stops, above 0, at most 1.
   *     Lower it only to leave a part of the pool to other senders
   */
  public record Parameters(Shape shape, Domain domain, double minCeiling, double maxCeiling) {

    /** Ceilings from 1.0 down to 0.85, by rank. */
    public static final Parameters DEFAULT = new Parameters(Shape.LINEAR, Domain.RANK, 0.85, 1.0);

    /** Rejects ceilings outside their ranges, naming every fault. */
    public Parameters {
      new Checks()
          .that(minCeiling >= 0 && minCeiling < 1, "minCeiling", minCeiling, "at least 0, below 1")
          .fraction("maxCeiling", maxCeiling)
          .that(
              !(minCeiling >= maxCeiling),
              "minCeiling",
              minCeiling,
              "below maxCeiling " + maxCeiling)
          .done();
    }
  }

  private final Domain domain;
  private final double min;
  private final double max;

  /** Makes a policy with these parameters. */
  public PriorityHoldback(Parameters parameters) {
    domain = parameters.domain();
    min = parameters.minCeiling();
    max = parameters.maxCeiling();
  }

  @Override
  public void ceilings(double saturation, int[] priorities, double[] ceilings) {
    var last = priorities.length - 1;
    for (var i = 0; i <= last; i++) {
      ceilings[i] =
          switch (domain) {
            case RANK -> last == 0 ? max : Math.max(min, max - i * (max - min) / last);
            case VALUE -> byValue(priorities[i], priorities[0], priorities[last]);
          };
    }
  }

  private double byValue(double priority, double highest, double lowest) {
    return highest == lowest ? max : min + (priority - lowest) / (highest - lowest) * (max - min);
  }

  @Override
  public boolean dependsOnSaturation() {
    return false;
  }
}
