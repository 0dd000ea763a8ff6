package dev.sluice.simulation.experiments;

/**
 * One figure that an experiment measured, and what it must be. Immutable.
 *
 * @param name what was measured, with its unit
 * @param value the figure; NaN fails
 * @param bound what it is held against
 * @param atMost whether it must be at most the bound, or else at least
 */
public record Figure(String name, double value, double bound, boolean atMost) {

  /** A figure that must be at most so much. */
  public static Figure atMost(String name, double value, double bound) {
    return new Figure(name, value, bound, true);
  }

  /** A figure that must be at least so much. */
  public static Figure atLeast(String name, double value, double bound) {
    return new Figure(name, value, bound, false);
  }

  /** Whether it is what it must be. */
  public boolean passed() {
    return atMost ? value <= bound : value >= bound;
  }
}
