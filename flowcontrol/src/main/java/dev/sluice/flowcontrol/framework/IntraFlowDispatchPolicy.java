package dev.sluice.flowcontrol.framework;

import java.util.Set;

/**
 * Decides the order inside one flow. The order is a key computed once, at enqueue, because a key
 * that changed while queued would cost O(n) to restore. Runs under the core's lock.
 */
public interface IntraFlowDispatchPolicy {

  /** The item's place: smaller goes first, equal keys in the order of arrival. O(1). */
  long orderingKey(QueueItem item);

  /** What it needs of the queue. Without {@code PRIORITY_ORDER} the key is ignored. */
  Set<QueueCapability> requiredCapabilities();

  /**
   * Whether the head can no longer make its deadline and should be shed instead of served. Asked at
   * the moment of its dispatch.
   */
  default boolean isHopeless(QueueItem head, long nowNanos) {
    return false;
  }
}
