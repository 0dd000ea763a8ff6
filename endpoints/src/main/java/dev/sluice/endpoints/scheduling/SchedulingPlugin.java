package dev.sluice.endpoints.scheduling;

/**
 * What every part of the choice of an endpoint may want to hear. Each method does nothing by
 * default. The pool calls all of them under its lock, so a plugin needs no synchronisation, must be
 * quick, and must not call the pool. A plugin belongs to one pool.
 */
public interface SchedulingPlugin {

  /** An endpoint was chosen for a request. */
  default void chosen(SchedulingRequest request, Candidate endpoint) {}

  /**
   * An endpoint left the pool, or failed its health checks so that its caches are most likely lost.
   * It may come back under the same id.
   */
  default void endpointLost(String id) {}

  /**
   * The prompt tokens that the best endpoint is expected to have in its prefix cache; 0 if unknown.
   * Asked before the request is queued, so that its cost is known.
   */
  default long cachedTokens(SchedulingRequest request) {
    return 0;
  }
}
