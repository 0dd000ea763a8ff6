package dev.sluice.flowcontrol.framework;

/** A band as policies see it. Read under the core's lock only. */
public interface BandView {

  /** Its priority. */
  int priority();

  /** Its queued requests. */
  int queuedRequests();

  /** Its queued bytes. */
  long queuedBytes();

  /** Its limit on queued requests, above 0. */
  long maxRequests();

  /** Its limit on queued bytes, above 0. */
  long maxBytes();

  /** Its flows that have something queued. */
  int activeFlows();

  /** Its tenants that have something queued. */
  int activeTenants();

  /**
   * How many more requests it could queue now: what its own limit leaves, and the limit on all,
   * where those of less important bands count as free if they would give way. At least 0; {@link
   * Long#MAX_VALUE} without a limit. O(bands).
   */
  long freeRequests();

  /** How many more bytes it could queue now; as {@link #freeRequests}. */
  long freeBytes();

  /** Its share relative to other bands, above 0, for policies that share by weight. */
  double weight();

  /**
   * The part of all service that it is sure of, below 1, for policies that reserve; NaN where its
   * configuration does not say.
   */
  double reservedShare();
}
