package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowKey;
import org.jspecify.annotations.Nullable;

/**
 * A flow as policies see it; or a tenant's flows of a band taken together, whose key then has the
 * tenant's name. Read under the core's lock only.
 */
public interface FlowView {

  /** Its identity. */
  FlowKey key();

  /** The name of the tenant that it belongs to. */
  String tenantId();

  /**
   * Its share relative to those that it competes with, above 0; 1 unless configured: a flow's
   * within its tenant, a tenant's within the band.
   */
  double weight();

  /** Its queued requests, over all eligibility classes. */
  int queuedRequests();

  /** Its queued bytes. */
  long queuedBytes();

  /** The estimated cost of all that it has queued, in units of {@code Cost}. */
  long queuedCost();

  /** Its dispatched requests that still hold permits. */
  int runningRequests();

  /** What the inter-flow dispatch policy attached, or null. */
  @Nullable Object dispatchState();

  /** For the inter-flow dispatch policy alone. */
  void dispatchState(@Nullable Object state);

  /** What the inter-flow displacement policy attached, or null. */
  @Nullable Object displacementState();

  /** For the inter-flow displacement policy alone. */
  void displacementState(@Nullable Object state);
}
