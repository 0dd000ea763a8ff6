package dev.sluice.endpoints.scheduling;

import java.util.List;

/**
 * Removes the endpoints that a request must not get. Filters run in the profile's order, each on
 * what the one before it has left. If one leaves no endpoint, the request is refused.
 */
@FunctionalInterface
public interface Filter extends SchedulingPlugin {

  /**
   * Removes endpoints from the list.
   *
   * @param candidates at least one, in the pool's order; valid during the call only
   */
  void filter(SchedulingRequest request, List<Candidate> candidates);
}
