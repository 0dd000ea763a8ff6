package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import java.util.function.Function;

/**
 * A policy's own records of flows and queues, attached to them, made when first asked for. A record
 * that another policy object left behind counts as none. O(1).
 *
 * @param <F> what is kept of a flow
 * @param <Q> what is kept of a queue
 */
final class Records<F, Q> {

  private record Kept<T>(Records<?, ?> owner, T value) {}

  private final Function<FlowView, F> newFlow;
  private final Function<FlowQueueView, Q> newQueue;

  Records(Function<FlowView, F> newFlow, Function<FlowQueueView, Q> newQueue) {
    this.newFlow = newFlow;
    this.newQueue = newQueue;
  }

  @SuppressWarnings("unchecked") // what this object kept of a flow is an F
  F of(FlowView flow) {
    if (flow.dispatchState() instanceof Kept<?> kept && kept.owner == this) {
      return (F) kept.value;
    }
    var made = newFlow.apply(flow);
    flow.dispatchState(new Kept<>(this, made));
    return made;
  }

  @SuppressWarnings("unchecked") // what this object kept of a queue is a Q
  Q of(FlowQueueView queue) {
    if (queue.dispatchState() instanceof Kept<?> kept && kept.owner == this) {
      return (Q) kept.value;
    }
    var made = newQueue.apply(queue);
    queue.dispatchState(new Kept<>(this, made));
    return made;
  }
}
