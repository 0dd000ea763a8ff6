package dev.sluice.endpoints.scheduling;

import java.util.List;

/** Says how well each endpoint suits a request. */
@FunctionalInterface
public interface Scorer extends SchedulingPlugin {

  /**
   * Writes the score of the candidate at {@code index} to {@code scores[index]}: 1 is best and 0
   * worst. The profile takes a score outside 0 to 1 for the nearer of the two, and one that is no
   * number for 0.
   *
   * @param candidates at least one, in the pool's order; valid during the call only
   * @param scores zeros; at least as long as the list
   */
  void score(SchedulingRequest request, List<Candidate> candidates, double[] scores);
}
