package dev.sluice.flowcontrol.framework;

import java.util.Set;

/**
 * Decides the order inside one flow. The order is a key computed once, at enqueue, because a key
 * that changed while queued would cost O(n) to restore. Runs under the core's lock.
 */
public interface IntraFlowDispatchPolicy {

  /** The item's place: smaller goes first, equal keys in the order of arrival. O(1). */
  long orderingKey(QueueItem item);

  /**
   * The capabilities that the queue must have. Without {@code PRIORITY_ORDER} the key is ignored.
   */
  Set<QueueCapability> requiredCapabilities();

  /**
   * Whether a request can no longer meet its deadline, and is to be shed instead of served. The
   * engine asks when the request is offered, and when it is about to be dispatched.
   *
   * @param item the request. When it is offered, it is in no queue yet: {@link QueueItem#sequence}
   *     and {@link QueueItem#orderingKey} mean nothing then, and the item must not be kept
   */
  default boolean isHopeless(QueueItem item, long nowNanos) {
    return false;
  }
}
