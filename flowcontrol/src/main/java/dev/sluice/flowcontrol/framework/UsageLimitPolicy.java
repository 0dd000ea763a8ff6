package dev.sluice.flowcontrol.framework;

/** Decides at which saturation each band stops. Runs under the core's lock; O(bands). */
public interface UsageLimitPolicy {

  /**
   * Writes a ceiling for each band. An entry that is not written stays 1.0. A ceiling above that of
   * a more important band counts as equal to it, so that no band is overtaken by a lower one.
   *
   * @param saturation of the pool, as the gate says
   * @param priorities most important first
   * @param ceilings out, parallel to {@code priorities}, filled with 1.0
   */
  void ceilings(double saturation, int[] priorities, double[] ceilings);

  /** Whether the answer depends on the saturation; if not, it is asked only when bands change. */
  default boolean dependsOnSaturation() {
    return true;
  }
}
