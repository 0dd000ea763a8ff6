package dev.sluice.flowcontrol.contracts;

/**
 * Whether the pool has room: a saturation detector's in-memory half. The core asks it before each
 * dispatch and tells it of each dispatch and return, so it counts work that no scrape has seen yet.
 *
 * <p>Called by the core alone, under its lock: needs no synchronisation, must not block, and should
 * be O(1) except in {@link #poolChanged}. An exception closes the gate for that decision and is
 * reported as a fault of the plugin.
 */
public interface CapacityGate {

  /**
   * Takes over a new picture of the pool. Requests that run on vanished endpoints keep their
   * permits.
   */
  void poolChanged(PoolSnapshot snapshot, long nowNanos);

  /** A class came into use. Called before any other method names it. */
  void classAdded(EligibilityClass added);

  /** A class went out of use; its index may be given to another. */
  void classRetired(EligibilityClass retired);

  /**
   * How full the endpoints are that serve this class: at least 0; 1.0 or more means no room; NaN
   * means unknown and counts as no room. 1.0 where no endpoint serves the class.
   */
  double saturation(EligibilityClass needs, long nowNanos);

  /** A request was dispatched and holds capacity from now on; no endpoint is bound to it. */
  void granted(RunningRequest request);

  /**
   * A request's endpoint became known, or changed. {@code previousEndpointId} is empty at first.
   */
  void bound(RunningRequest request, String previousEndpointId);

  /** A request ended, or its permit was reclaimed. Called once for each {@link #granted}. */
  void returned(RunningRequest request);
}
