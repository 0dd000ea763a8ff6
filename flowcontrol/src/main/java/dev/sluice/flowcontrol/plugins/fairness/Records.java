package dev.sluice.flowcontrol.plugins.fairness;

import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import java.util.function.Function;

/**
 * A policy's own records of flows and queues. A record is attached to its flow or queue and made on
 * first use. If another policy object left a record behind, that record counts as absent. O(1).
 *
 * @param <F> the record of a flow
 * @param <Q> the record of a queue
 */
final class Records<F, Q> {

  private record Kept<T>(Records<?, ?> owner, T value) {}

  private final Function<FlowView, F> newFlow;
  private final Function<FlowQueueView, Q> newQueue;

  Records(Function<FlowView, F> newFlow, Function<FlowQueueView, Q> newQueue) {
    this.newFlow = newFlow;
    this.newQueue = newQueue;
  }

  @SuppressWarnings("unchecked") // this object attaches nothing but an F to a flow
  F of(FlowView flow) {
    if (flow.dispatchState() instanceof Kept<?> kept && kept.owner == this) {
      return (F) kept.value;
    }
    var made = newFlow.apply(flow);
    flow.dispatchState(new Kept<>(this, made));
    return made;
  }

  @SuppressWarnings("unchecked") // this object attaches nothing but a Q to a queue
  Q of(FlowQueueView queue) {
    if (queue.dispatchState() instanceof Kept<?> kept && kept.owner == this) {
      return (Q) kept.value;
    }
    var made = newQueue.apply(queue);
    queue.dispatchState(new Kept<>(this, made));
    return made;
  }
}
