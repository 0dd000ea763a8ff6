package dev.sluice.flowcontrol.framework;

import org.jspecify.annotations.Nullable;

/** A band as policies see it. Read under the core's lock only. */
public interface BandView {

  /** The priority of the band. */
  int priority();

  /** The number of queued requests. */
  int queuedRequests();

  /** The sum of the sizes of queued requests. */
  long queuedBytes();

  /** The limit on queued requests, above 0. */
  long maxRequests();

  /** The limit on queued bytes, above 0. */
  long maxBytes();

  /** The number of flows that have something queued. */
  int activeFlows();

  /** The number of tenants that have something queued. */
  int activeTenants();

  /**
   * The tenant that would have most requests left for its weight if one of them gave way, all its
   * flows taken together. Of equal ones it is the tenant that has had something queued for longest.
   * Null if nothing is queued. O(log tenants), amortised.
   */
  @Nullable FlowView fullestByRequests();

  /** As {@link #fullestByRequests}, in bytes, if a request of average size gave way. */
  @Nullable FlowView fullestByBytes();

  /**
   * The number of requests that the band could queue in addition now: the room below its own limit
   * or below the limit on all bands, whichever is less. If requests of less important bands would
   * give way, their places count as free. At least 0; {@link Long#MAX_VALUE} without a limit.
   * O(bands).
   */
  long freeRequests();

  /** The bytes that the band could queue in addition now, counted as {@link #freeRequests}. */
  long freeBytes();

  /** The share relative to other bands, above 0, for policies that share by weight. */
  double weight();

  /**
   * The part of all service that the band is sure of, below 1, for policies that reserve. NaN
   * unless it is configured.
   */
  double reservedShare();
}
