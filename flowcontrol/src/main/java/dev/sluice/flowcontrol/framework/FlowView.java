package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowKey;
import org.jspecify.annotations.Nullable;

/**
 * A flow as policies see it, or all flows of a tenant in a band taken together. The key of the
 * latter has the tenant's name. Read under the core's lock only.
 */
public interface FlowView {

  /** The identity of the flow. */
  FlowKey key();

  /** The id of the tenant that the flow belongs to. */
  String tenantId();

  /**
   * The share relative to the competitors, above 0; 1 unless configured. A flow competes with the
   * flows of its tenant, a tenant with the tenants of the band.
   */
  double weight();

  /** The number of queued requests, over all eligibility classes. */
  int queuedRequests();

  /** The sum of the sizes of queued requests. */
  long queuedBytes();

  /** The estimated cost of all queued requests, in units of {@code Cost}. */
  long queuedCost();

  /** The number of dispatched requests that still hold permits. */
  int runningRequests();

  /** The object that the inter-flow dispatch policy attached, or null. */
  @Nullable Object dispatchState();

  /** Attaches an object; for the inter-flow dispatch policy alone. */
  void dispatchState(@Nullable Object state);

  /** The object that the inter-flow displacement policy attached, or null. */
  @Nullable Object displacementState();

  /** Attaches an object; for the inter-flow displacement policy alone. */
  void displacementState(@Nullable Object state);
}
