package dev.sluice.simulation.experiments;

/**
 * One line of the sheet. Immutable.
 *
 * @param id the experiment
 * @param policy the measured policy
 * @param baseline whether the policy is there for comparison only, and may fail
 * @param seed the seed of random choices
 * @param figure the measured figure
 */
public record Row(String id, String policy, boolean baseline, long seed, Figure figure) {

  /** Whether the figure keeps its bound. */
  public boolean passed() {
    return figure.passed();
  }
}
