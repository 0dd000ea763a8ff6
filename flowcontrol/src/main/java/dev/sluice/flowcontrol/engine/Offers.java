package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.RejectReason;

/** Decides on a request that is offered: it goes at once, is queued, or is refused. */
final class Offers {
  private final FlowRegistry registry;
  private final Pricing pricing;
  private final Dispatcher dispatcher;
  private final EarlyRefusal early;
  private final QueueLimits limits;
  private final Waiting waiting;
  private final Lifecycle lifecycle;
  private final Arriving arriving = new Arriving();

  Offers(
      FlowRegistry registry,
      Pricing pricing,
      Dispatcher dispatcher,
      EarlyRefusal early,
      QueueLimits limits,
      Waiting waiting,
      Lifecycle lifecycle) {
    this.registry = registry;
    this.pricing = pricing;
    this.dispatcher = dispatcher;
    this.early = early;
    this.limits = limits;
    this.waiting = waiting;
    this.lifecycle = lifecycle;
  }

  void offer(Round round, PendingRequest request) {
    var asked = request.request();
    request.stamp(round.nowNanos());
    if (!lifecycle.isOpen()) {
      round.reject(request, RejectReason.SHUTTING_DOWN, "flow control is shutting down");
      return;
    }
    if (asked.deadlineNanos() != FlowControlRequest.UNSET
        && asked.deadlineNanos() - round.nowNanos() <= 0) {
      round.reject(request, RejectReason.EXPIRED, "the deadline had passed on arrival");
      return;
    }
    var queue = registry.queueFor(asked, round.nowNanos());
    if (queue == null) {
      rejectWithoutQueue(round, request);
      return;
    }
    try {
      offer(round, request, queue);
    } finally {
      registry.done(queue);
    }
  }

  private void offer(Round round, PendingRequest request, FlowQueue queue) {
    request.assign(queue);
    pricing.estimate(request);
    if (isHopeless(round, request)) {
      round.reject(
          request,
          RejectReason.EXPIRED,
          "the request could not meet its deadline any more when it arrived");
      return;
    }
    dispatcher.tellBands();
    if (dispatcher.dispatchAtOnce(round, request)) {
      return;
    }
    var refusal = early.refusal(round, request);
    if (refusal == null) {
      refusal = limits.refusal(round, request);
    }
    if (refusal != null) {
      round.reject(request, refusal);
    } else {
      waiting.enqueue(round, request);
    }
  }

  /** Refuses a request whose offer threw, if that has not decided it. */
  void abandon(Round round, PendingRequest request) {
    if (request.state() == PendingRequest.State.NEW) {
      round.reject(request, RejectReason.OTHER, "the engine failed at its offer");
    }
  }

  private void rejectWithoutQueue(Round round, PendingRequest request) {
    var asked = request.request();
    var limit = registry.classLimit(asked);
    if (limit == null) {
      round.reject(request, RejectReason.OTHER, noBandLeft(asked));
    } else {
      round.reject(
          request,
          limit.ofTenant() ? RejectReason.FLOW_LIMIT : RejectReason.CAPACITY,
          limit.text());
    }
  }

  private boolean isHopeless(Round round, PendingRequest request) {
    var now = round.nowNanos();
    var hopeless = request.queue().flow().band().isHopeless(arriving.of(request, now), now);
    arriving.clear();
    return hopeless;
  }

  private static String noBandLeft(FlowControlRequest asked) {
    return "priority "
        + asked.flow().priority()
        + " would need a new band, and all "
        + FlowControlConfig.MAX_BANDS
        + " that may exist are in use";
  }
}
