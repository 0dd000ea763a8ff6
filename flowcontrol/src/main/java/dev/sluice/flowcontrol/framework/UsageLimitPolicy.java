package dev.sluice.flowcontrol.framework;

/** Decides at which saturation each band stops. Runs under the core's lock; O(bands). */
public interface UsageLimitPolicy {

  /**
   * Writes a ceiling for each band. An entry that is not written stays 1.0. If a ceiling is above
   * that of a more important band, the engine lowers it to that one, so that no lower band
   * overtakes a higher one.
   *
   * @param saturation the saturation of the pool, from the gate
   * @param priorities the priorities of the bands, most important first
   * @param ceilings the result: parallel to {@code priorities}, filled with 1.0 before the call
   */
  void ceilings(double saturation, int[] priorities, double[] ceilings);

  /**
   * Whether ceilings depend on the saturation. If not, they are asked for only when bands change.
   */
  default boolean dependsOnSaturation() {
    return true;
  }
}
