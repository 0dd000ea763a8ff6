package dev.sluice.endpoints.scheduling;

import java.util.List;

/**
 * Chooses among the endpoints that may get a request. The pool calls a picker under the pool's
 * lock: a picker needs no synchronisation, must be quick, and must not call the pool. If a picker
 * throws, or returns an index out of range, that one request fails. Most pickers are a {@link
 * SchedulingProfile}.
 */
@FunctionalInterface
public interface EndpointPicker extends SchedulingPlugin {
  /**
   * The answer if the request must not get any of the candidates. It is not -1, which a search that
   * found nothing gives by mistake.
   */
  int NONE = Integer.MIN_VALUE;

  /**
   * The index in {@code candidates} of the endpoint that gets the request, or {@link #NONE}.
   *
   * @param candidates at least one, in the pool's order; valid during the call only
   */
  int pick(SchedulingRequest request, List<? extends Candidate> candidates);
}
