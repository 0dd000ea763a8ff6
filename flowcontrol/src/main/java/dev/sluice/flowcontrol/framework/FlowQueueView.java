package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import org.jspecify.annotations.Nullable;

/** A flow's queue of one eligibility class, as policies see it. Read under the core's lock only. */
public interface FlowQueueView {

  /** The flow. */
  FlowView flow();

  /** The needs that the requests of this queue have in common. */
  EligibilityClass eligibilityClass();

  /** Number of queued requests. */
  int size();

  /** The request that would go next, or null if empty. */
  @Nullable QueueItem head();

  /** The object that the inter-flow dispatch policy attached, or null. */
  @Nullable Object dispatchState();

  /** Attaches an object; for the inter-flow dispatch policy alone. */
  void dispatchState(@Nullable Object state);
}
