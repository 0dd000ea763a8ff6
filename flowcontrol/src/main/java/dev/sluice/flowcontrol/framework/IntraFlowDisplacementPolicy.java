package dev.sluice.flowcontrol.framework;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Decides which request of a flow's queue gives way. Runs under the core's lock. */
public interface IntraFlowDisplacementPolicy {

  /** The request of a non-empty queue that gives way first, or null if none may. O(log n). */
  @Nullable QueueItem victim(SafeQueue queue);

  /** The capabilities that the queue must have. */
  Set<QueueCapability> requiredCapabilities();
}
