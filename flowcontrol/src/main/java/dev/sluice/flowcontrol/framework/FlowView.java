package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.types.FlowKey;
import org.jspecify.annotations.Nullable;

/** A flow as policies see it. Read under the core's lock only. */
public interface FlowView {

  /** Its identity. */
  FlowKey key();

  /** The tenant that it belongs to. */
  String tenant();

  /** Its tenant's share relative to others, above 0; 1 unless configured. */
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
