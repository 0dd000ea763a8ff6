package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import org.jspecify.annotations.Nullable;

/**
 * Decides which flow goes next. It is told of every change, so it needs no scan: O(log flows) or
 * better per call, unless its Javadoc says otherwise. Runs under the core's lock.
 *
 * <p>A band has one object that orders its tenants, and for each tenant one that orders its flows.
 * To the first a tenant looks like a flow: what it has queued is the sum over its flows, and its
 * head is that of the flow that its own object names. So a policy is written for one level and
 * works on both, and a tenant that may not run more is one flow that is not active.
 *
 * <p>A flow has one queue per eligibility class. A policy orders the queues of a class among
 * themselves ({@link #next}) and the best of different classes against each other ({@link
 * #precedes}), so that a class without room never blocks another.
 */
public interface InterFlowDispatchPolicy {

  /** A queue may be served from now on: it got its first item, or its flow may run again. */
  void activated(FlowQueueView queue);

  /** A queue may not be served any more: it is empty, or its flow must not run. */
  void deactivated(FlowQueueView queue);

  /** The head of an active queue changed otherwise than by {@link #dispatched}. */
  default void headChanged(FlowQueueView queue) {}

  /** The best active queue of a class, or null if none is active. Changes nothing. */
  @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos);

  /** Whether {@code a} goes before {@code b}; they are the best of two classes. */
  boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos);

  /**
   * A request of an active queue was dispatched and has left the queue. If the queue is empty now,
   * {@link #deactivated} follows.
   *
   * @param cost the estimate that is charged, in units of {@code Cost}
   */
  void dispatched(FlowQueueView queue, long cost);

  /**
   * A request was dispatched as it came, without having been queued: it found room, and its queue
   * is empty and not active. To be overridden where that is cheaper than what it amounts to.
   *
   * @param cost the estimate that is charged, in units of {@code Cost}
   */
  default void passed(FlowQueueView queue, long cost) {
    activated(queue);
    dispatched(queue, cost);
    deactivated(queue);
  }

  /**
   * What was charged for an earlier dispatch turned out to be wrong.
   *
   * @param costDelta to be added to the flow's service; negative refunds
   */
  default void corrected(FlowView flow, long costDelta) {}

  /**
   * A dispatched request of the flow ended; {@link #corrected} was told of every error in its
   * charge.
   *
   * @param cost what it cost in all, in units of {@code Cost}
   */
  default void completed(FlowView flow, long cost, long nowNanos) {}

  /**
   * A class has room again after others of the band were served without it. What its flows did not
   * get meanwhile is no credit.
   */
  default void reopened(EligibilityClass needs) {}

  /** An idle flow is forgotten. Return false to keep it a while, for what it owes. */
  default boolean mayForget(FlowView flow) {
    return true;
  }
}
