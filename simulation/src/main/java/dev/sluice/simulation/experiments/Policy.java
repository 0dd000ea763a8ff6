package dev.sluice.simulation.experiments;

import java.util.List;
import java.util.function.UnaryOperator;

/**
 * A policy to measure: changes to an experiment's setup. Immutable.
 *
 * @param name the name on the sheet
 * @param baseline whether the policy is there for comparison only
 * @param progressTokens number of generated tokens after which each request reports its use; 0
 *     means at its end only
 * @param applied applies the policy to a setup
 */
public record Policy(
    String name, boolean baseline, long progressTokens, UnaryOperator<Setup> applied) {

  /** Sluice as the experiment sets it up. */
  public static final Policy SLUICE = new Policy("sluice", false, 0, setup -> setup);

  /** One queue for all flows, first come, first served. */
  public static final Policy FCFS = fairness("fcfs", "best-head");

  /** Flows in turn, one request each, regardless of cost. */
  public static final Policy ROUND_ROBIN = fairness("round-robin", "round-robin");

  /** Upstream's least attained service. */
  public static final Policy PROGRAM_AWARE = fairness("program-aware", "program-aware");

  /** The virtual token counter, which charges generated tokens as they come. */
  public static final Policy VTC =
      new Policy("vtc", true, 8, setup -> setup.fairness("vtc").predictor("none"));

  /** The baselines of every experiment. */
  public static final List<Policy> BASELINES = List.of(FCFS, ROUND_ROBIN, PROGRAM_AWARE, VTC);

  private static Policy fairness(String name, String type) {
    return new Policy(name, true, 0, setup -> setup.fairness(type));
  }
}
