package dev.sluice.simulation.experiments;

import java.util.List;

/**
 * One experiment: a setup, and figures to reach. Immutable; runs may be made in parallel.
 *
 * @param id the name on the sheet, such as {@code E1a}
 * @param title the property that the experiment shows
 * @param policies the policies to measure; the first is Sluice's
 * @param body measures one policy with one seed
 */
public record Experiment(String id, String title, List<Policy> policies, Body body) {

  /** The measurement of an experiment. */
  @FunctionalInterface
  public interface Body {

    /** The figures of one policy with one seed. They are the same each time. */
    List<Figure> measure(Policy policy, long seed);
  }

  /** Copies {@code policies}. */
  public Experiment {
    policies = List.copyOf(policies);
  }

  /** The rows of one policy with one seed. */
  public List<Row> rows(Policy policy, long seed) {
    return body.measure(policy, seed).stream()
        .map(figure -> new Row(id, policy.name(), policy.baseline(), seed, figure))
        .toList();
  }

  /** Whether a policy reaches all figures with a seed. */
  public boolean passes(Policy policy, long seed) {
    return body.measure(policy, seed).stream().allMatch(Figure::passed);
  }
}
