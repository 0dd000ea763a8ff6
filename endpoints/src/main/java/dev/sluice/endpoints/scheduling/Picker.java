package dev.sluice.endpoints.scheduling;

import java.util.List;

/** Takes one of the endpoints that were scored. */
@FunctionalInterface
public interface Picker extends SchedulingPlugin {

  /**
   * The index of the endpoint that is taken.
   *
   * @param candidates at least one; valid during the call only
   * @param scores the weighted sum of all scores of each candidate, at least 0; at least as long as
   *     the list
   */
  int pick(SchedulingRequest request, List<Candidate> candidates, double[] scores);
}
