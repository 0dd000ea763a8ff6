package dev.sluice.simulation.experiments;

/**
 * One figure that an experiment measured, with the bound that it must keep. Immutable.
 *
 * @param name the measured quantity, with its unit
 * @param value the figure; NaN fails
 * @param bound the bound
 * @param atMost true if the figure must be at most the bound, false if at least
 */
public record Figure(String name, double value, double bound, boolean atMost) {

  /** A figure that must be at most {@code bound}. */
  public static Figure atMost(String name, double value, double bound) {
    return new Figure(name, value, bound, true);
  }

  /** A figure that must be at least {@code bound}. */
  public static Figure atLeast(String name, double value, double bound) {
    return new Figure(name, value, bound, false);
  }

  /** Whether the figure keeps its bound. */
  public boolean passed() {
    return atMost ? value <= bound : value >= bound;
  }
}
