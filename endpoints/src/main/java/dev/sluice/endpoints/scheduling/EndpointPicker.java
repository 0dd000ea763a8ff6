package dev.sluice.endpoints.scheduling;

import dev.sluice.flowcontrol.types.Eligibility;
import java.util.List;

/**
 * Chooses among the endpoints that may get a request. The pool calls it under its lock, so it needs
 * no synchronisation, must be quick, and must not call back. One that throws, or returns an index
 * that is none, costs the request that it was asked for.
 */
@FunctionalInterface
public interface EndpointPicker {

  /**
   * The index in {@code candidates} of the endpoint that gets the request.
   *
   * @param candidates at least one, always in the pool's order; not to be kept
   */
  int pick(Eligibility needs, List<? extends Candidate> candidates);
}
