package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.RejectReason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Refuses a newcomer that would expire in the queue: the wait before its turn is predicted to be
 * longer than it may wait, by a margin. So the caller hears it at once instead of after its time,
 * and no request gives way to a newcomer that is not served. Off by default. O(1).
 *
 * <p>The prediction is the number of requests before the newcomer in its flow, and one more, times
 * the mean gap between departures of the flow. It is made only with confidence:
 *
 * <ul>
 *   <li>The flow serves in the order of arrival, so all of its queued requests go before the
 *       newcomer.
 *   <li>All of them are in the newcomer's queue, so they wait for the same endpoints.
 *   <li>Enough departures are known, and the rate is the highest of all windows for which that
 *       holds ({@link dev.sluice.flowcontrol.registry.DepartureRate#leastGapNanos}). A pool that
 *       has just become slower is believed to recover.
 *   <li>The pool has endpoints. Without one, another time to live counts.
 * </ul>
 */
final class EarlyRefusal {
  private final Budgets budgets;
  private final RetryAfter retryAfter;
  private boolean enabled;
  private double most;

  EarlyRefusal(FlowControlConfig config, Budgets budgets, RetryAfter retryAfter) {
    this.budgets = budgets;
    this.retryAfter = retryAfter;
    configure(config);
  }

  void configure(FlowControlConfig config) {
    enabled = config.earlyRefusal().enabled();
    most = 1 + config.earlyRefusal().margin();
  }

  /** The refusal of a newcomer that would expire; null if it would not, or if that is unknown. */
  Admission.@Nullable Rejected refusal(Round round, PendingRequest newcomer) {
    if (!enabled || budgets.isPoolEmpty()) {
      return null;
    }
    var queue = newcomer.queue();
    var flow = queue.flow();
    if (queue.size() == 0
        || queue.size() != flow.queuedRequests()
        || !flow.band().servesByArrival()) {
      return null;
    }
    var now = round.nowNanos();
    var patience = patienceNanos(newcomer.request(), flow, now);
    if (patience == NextDue.NEVER) {
      return null;
    }
    var wait = leastWaitNanos(flow, now);
    return wait > patience * most ? refusal(flow, wait, patience, now) : null;
  }

  /** The time that a request may wait from now on; {@link NextDue#NEVER} for no limit. */
  private long patienceNanos(FlowControlRequest request, Flow flow, long nowNanos) {
    var ttl = budgets.ttlNanos(request, flow.band().config());
    if (request.deadlineNanos() == FlowControlRequest.UNSET) {
      return ttl;
    }
    var left = request.deadlineNanos() - nowNanos;
    return ttl == NextDue.NEVER ? left : Math.min(ttl, left);
  }

  private static double leastWaitNanos(Flow flow, long nowNanos) {
    var rate = flow.departureRate();
    rate.advanceTo(nowNanos);
    return rate.leastGapNanos() * (flow.queuedRequests() + 1L);
  }

  private Admission.Rejected refusal(Flow flow, double wait, long patience, long nowNanos) {
    var detail =
        "the turn of flow "
            + flow.key()
            + " would come in about "
            + Duration.ofNanos((long) wait).toSeconds()
            + " s, and the request may wait "
            + Duration.ofNanos(patience).toMillis() / 1_000.0
            + " s";
    return new Admission.Rejected(
        RejectReason.WOULD_EXPIRE, detail, Duration.ZERO, retryAfter.ofFlow(flow, nowNanos));
  }
}
