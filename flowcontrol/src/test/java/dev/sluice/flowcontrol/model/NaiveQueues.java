package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.model.Knobs.Ordering;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The intra-flow order: which request of a queue goes next. */
final class NaiveQueues {
  private static final long DEFAULT_PROMOTION_WAIT = 30_000_000_000L;

  private final NaiveState state;

  /** The number of requests that each queue gave away since it was last empty. */
  private final Map<QueueKey, Integer> dispatches = new HashMap<>();

  NaiveQueues(NaiveState state) {
    this.state = state;
  }

  List<NaiveRequest> requests(QueueKey queue) {
    return state.queued(r -> r.queue().equals(queue));
  }

  /** The first request in the flow's order. */
  NaiveRequest head(QueueKey queue) {
    return requests(queue).stream().min(NaiveRequest.ORDER).orElseThrow();
  }

  /** The request to dispatch: every so often the oldest one, if it has waited for long. */
  NaiveRequest next(QueueKey queue) {
    var every = state.knobs.band(queue.owner().priority()).promoteEvery();
    var isTurnOfOldest = every > 0 && dispatches.getOrDefault(queue, 0) % every == every - 1;
    if (isTurnOfOldest) {
      var oldest =
          requests(queue).stream().min(Comparator.comparingLong(r -> r.sequence)).orElseThrow();
      if (state.now - oldest.offeredAt >= promotionWait(oldest)) {
        return oldest;
      }
    }
    return head(queue);
  }

  private long promotionWait(NaiveRequest request) {
    var configured = state.knobs.band(request.priority()).promoteAfter();
    if (configured != Knobs.DEFAULT_TTL) {
      return configured * Ticks.NANOS;
    }
    var expiry = request.usualExpiry();
    return expiry == NaiveState.NEVER ? DEFAULT_PROMOTION_WAIT : (expiry - request.offeredAt) / 2;
  }

  void dispatched(QueueKey queue) {
    dispatches.merge(queue, 1, Integer::sum);
  }

  /** A queue that runs empty starts to count its dispatches from 0. */
  void forgetEmptyQueues() {
    dispatches.keySet().removeIf(queue -> requests(queue).isEmpty());
  }

  long orderingKey(NaiveRequest request) {
    return state.knobs.band(request.priority()).ordering() == Ordering.EDF_HEAP
        ? request.usualExpiry()
        : 0;
  }

  /** The longest wait among the heads of a flow's queues. */
  long headWaitNanos(FlowKey flow) {
    return state.queued(r -> r.flow.equals(flow) && head(r.queue()) == r).stream()
        .mapToLong(r -> state.now - r.offeredAt)
        .max()
        .orElse(0);
  }
}
