package dev.sluice.flowcontrol.framework;

import org.jspecify.annotations.Nullable;

/**
 * Decides which flow gives way. A band has one object for its tenants, and one for the flows of
 * each tenant. Runs under the core's lock.
 */
public interface InterFlowDisplacementPolicy {

  /** A flow's queued requests changed; it may have none now. O(log flows). */
  void backlogChanged(FlowView flow);

  /** The flow with queued requests that gives way first, or null if none has any. O(log flows). */
  @Nullable FlowView victim();
}
