package dev.sluice.flowcontrol.contracts;

/**
 * Says whether the pool has room: the in-memory half of a saturation detector. The core asks the
 * gate before each dispatch and tells it of each dispatch and return. So the gate also counts work
 * that no scrape has seen yet.
 *
 * <p>Only the core calls a gate, under the core's lock. An implementation needs no synchronisation,
 * must not block, and should be O(1) except in {@link #poolChanged}. If a method throws, the gate
 * counts as closed for that decision and the exception is reported as a fault of the plugin.
 */
public interface CapacityGate {

  /**
   * Replaces what the gate knows of the pool. If an endpoint is gone, the requests that run on it
   * keep their permits.
   */
  void poolChanged(PoolSnapshot snapshot, long nowNanos);

  /** Tells that a class came into use. Called before any other method names the class. */
  void classAdded(EligibilityClass added);

  /** Tells that a class is no longer used. Another class may get the same index later. */
  void classRetired(EligibilityClass retired);

  /**
   * The saturation of the endpoints that serve a class, at least 0. A value of 1.0 or more means no
   * room. NaN means unknown, and counts as no room. If no endpoint serves the class, the answer is
   * 1.0.
   */
  double saturation(EligibilityClass needs, long nowNanos);

  /** Tells that a request was dispatched and holds capacity. No endpoint is bound to it yet. */
  void granted(RunningRequest request);

  /**
   * Tells that a request's endpoint became known or changed. {@code previousEndpointId} is empty if
   * no endpoint was bound before.
   */
  void bound(RunningRequest request, String previousEndpointId);

  /**
   * Tells that the caller of a running request reported progress, so the endpoint has begun its
   * answer or goes on with it. The default does nothing.
   */
  default void progressed(RunningRequest request, long nowNanos) {}

  /**
   * Takes over what {@code previous} has learned of endpoints, if this gate can use it. The engine
   * calls the method at most once and before any other, when this gate replaces {@code previous}.
   * The default does nothing.
   */
  default void succeed(CapacityGate previous) {}

  /**
   * Tells that a request ended or that its permit was reclaimed. Called once for each {@link
   * #granted}.
   */
  void returned(RunningRequest request);

  /**
   * Tells that a request ended, and whether it had an answer. A gate that learns how long endpoints
   * need can leave out requests that failed. The engine calls this method only. The default calls
   * {@link #returned(RunningRequest)}.
   *
   * @param wasServed false if the caller reported that the request used nothing
   */
  default void returned(RunningRequest request, boolean wasServed) {
    returned(request);
  }
}
