package dev.sluice.endpoints.scheduling;

import dev.sluice.flowcontrol.types.Eligibility;
import java.util.List;

/**
 * Chooses among the endpoints that may get a request. The pool calls a picker under the pool's
 * lock: a picker needs no synchronisation, must be quick, and must not call the pool. If a picker
 * throws, or returns an index out of range, that one request fails.
 */
@FunctionalInterface
public interface EndpointPicker {

  /**
   * The index in {@code candidates} of the endpoint that gets the request.
   *
   * @param candidates at least one, in the pool's order; valid during the call only
   */
  int pick(Eligibility needs, List<? extends Candidate> candidates);
}
