package dev.sluice.simulation.experiments;

/**
 * One line of the sheet. Immutable.
 *
 * @param id the experiment
 * @param policy who was measured
 * @param baseline whether it is there for comparison only, and may fail
 * @param seed of its random choices
 * @param figure what was measured
 */
public record Row(String id, String policy, boolean baseline, long seed, Figure figure) {

  /** Whether the figure is what it must be. */
  public boolean passed() {
    return figure.passed();
  }
}
