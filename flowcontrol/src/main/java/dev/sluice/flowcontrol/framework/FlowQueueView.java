package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import org.jspecify.annotations.Nullable;

/** A flow's queue of one eligibility class, as policies see it. Read under the core's lock only. */
public interface FlowQueueView {

  /** The flow. */
  FlowView flow();

  /** What the queue's requests need. */
  EligibilityClass eligibilityClass();

  /** Number of queued requests. */
  int size();

  /** The request that would go next, or null if empty. */
  @Nullable QueueItem head();

  /** What the inter-flow dispatch policy attached, or null. */
  @Nullable Object dispatchState();

  /** For the inter-flow dispatch policy alone. */
  void dispatchState(@Nullable Object state);
}
