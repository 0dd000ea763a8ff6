package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import org.jspecify.annotations.Nullable;

/**
 * Decides which flow goes next. The engine tells a policy of every change, so the policy needs no
 * scan: O(log flows) or better per call, unless its Javadoc says otherwise. Runs under the core's
 * lock.
 *
 * <p>A band has one object that orders its tenants, and one object for each tenant that orders the
 * flows of that tenant. To the object of the band a tenant looks like a flow. Its backlog is the
 * sum over its flows; its head is the head of the flow that the tenant's object chooses. So a
 * policy is written for one level and works on both. A tenant at its limit of running requests is a
 * flow that is not active.
 *
 * <p>A flow has one queue per eligibility class. A policy orders the queues of a class among
 * themselves ({@link #next}) and the best of different classes against each other ({@link
 * #precedes}), so that a class without room never blocks another.
 */
public interface InterFlowDispatchPolicy {

  /** A queue may be served from now on: it got the first item, or the flow may run again. */
  void activated(FlowQueueView queue);

  /** A queue may not be served any more: it is empty, or the flow must not run. */
  void deactivated(FlowQueueView queue);

  /** The head of an active queue changed otherwise than by {@link #dispatched}. */
  default void headChanged(FlowQueueView queue) {}

  /** The best active queue of a class, or null if none is active. Changes nothing. */
  @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos);

  /** Whether {@code a} goes before {@code b}. Each is the best queue of its class. */
  boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos);

  /**
   * A request of an active queue was dispatched and has left the queue. If the queue is empty now,
   * {@link #deactivated} follows.
   *
   * @param cost the estimate that is charged, in units of {@code Cost}
   */
  void dispatched(FlowQueueView queue, long cost);

  /**
   * A request found room on arrival and was dispatched without having been queued. The queue is
   * empty and not active. Override this where one step is cheaper than the three of the default.
   *
   * @param cost the estimate that is charged, in units of {@code Cost}
   */
  default void dispatchedAtOnce(FlowQueueView queue, long cost) {
    activated(queue);
    dispatched(queue, cost);
    deactivated(queue);
  }

  /**
   * The charge for an earlier dispatch turned out to be wrong.
   *
   * @param costDelta the difference to add to the service of the flow; negative refunds
   */
  default void corrected(FlowView flow, long costDelta) {}

  /**
   * The same, but since that dispatch no queue has been active at some moment, or the flow has been
   * served while no other had requests queued. A policy in which a flow that joins starts where the
   * others are ignores this call. Otherwise a flow would get credit against flows that never gained
   * from the wrong charge.
   */
  default void correctedAfterIdle(FlowView flow, long costDelta) {
    corrected(flow, costDelta);
  }

  /**
   * A dispatched request of the flow ended. {@link #corrected} was called before for each error in
   * the charge.
   *
   * @param cost the cost of the request in all, in units of {@code Cost}
   */
  default void completed(FlowView flow, long cost, long nowNanos) {}

  /**
   * A class has room again, after other classes of the band were served without it. Its flows get
   * no credit for the service that they missed.
   */
  default void reopened(EligibilityClass needs) {}

  /**
   * An idle flow is about to be forgotten. Returns false to keep the flow a while, if it owes
   * service.
   */
  default boolean mayForget(FlowView flow) {
    return true;
  }
}
