package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.engine.PendingRequest.State;
import dev.sluice.flowcontrol.guard.GuardedBandPolicy;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.types.Usage;
import org.jspecify.annotations.Nullable;

/**
 * The requests that hold a permit. Notes their charges and endpoints, and takes back a permit that
 * nobody returns.
 */
final class Running {
  private final FlowRegistry registry;
  private final Room room;
  private final Pricing pricing;
  private final GuardedBandPolicy bandPolicy;
  private final NextDue nextDue;
  private final RunningOrder order = new RunningOrder();
  private long maxRequestNanos;

  Running(
      FlowControlConfig config,
      FlowRegistry registry,
      Room room,
      Pricing pricing,
      GuardedBandPolicy bandPolicy,
      NextDue nextDue) {
    this.registry = registry;
    this.room = room;
    this.pricing = pricing;
    this.bandPolicy = bandPolicy;
    this.nextDue = nextDue;
    configure(config);
  }

  void configure(FlowControlConfig config) {
    maxRequestNanos = config.maxRequestDuration().toNanos();
  }

  /** The running requests in the order of their dispatch. */
  RunningOrder inOrderOfDispatch() {
    return order;
  }

  int size() {
    return order.size();
  }

  /** Gives a permit to a request that has left its queue or never was in one. */
  void start(Round round, PendingRequest request) {
    request.moveTo(State.RUNNING);
    request.stamp(round.nowNanos());
    order.add(request);
    nextDue.by(round.nowNanos() + maxRequestNanos);
    room.taken(request);
    var flow = request.queue().flow();
    request.chargedIn(flow.band().chargePeriod(flow));
    flow.charge(request.cost());
  }

  /**
   * Books a started request, after the flow's policies have been told of it.
   *
   * @param passedOver the ranks of bands that could have gone instead, one bit each
   */
  void started(
      Round round, FlowQueue queue, PendingRequest request, Effects.Kind kind, long passedOver) {
    registry.started(queue);
    request.bookForBands(
        bandPolicy.dispatched(
            queue.flow().band().rank(),
            request.cost(),
            kind == Effects.Kind.DISPATCHED_RESERVED,
            registry.activeBands(),
            passedOver));
    round.add(kind, request, null);
  }

  /**
   * The band policy is another one now, which knows nothing of the dispatches before. O(running).
   */
  void forgetBookings() {
    for (var request = order.first(); request != null; request = request.nextRunning()) {
      request.bookForBands(0);
    }
  }

  /** Notes which endpoint serves a request. */
  void bind(PendingRequest request, String endpointId) {
    if (request.state() == State.RUNNING && !request.endpointId().equals(endpointId)) {
      var previous = request.endpointId();
      request.bindTo(endpointId);
      room.bound(request, previous);
    }
  }

  /** Charges the use of a request so far, if that is more than it was charged. */
  void progress(Round round, PendingRequest request, Operation.Progress arrived) {
    var usage = request.latest(arrived, round.nowNanos());
    if (request.state() != State.RUNNING) {
      return;
    }
    room.progressed(round, request);
    var excess = pricing.error(request, pricing.completed(request, usage));
    if (excess > 0) {
      correct(request, excess);
    }
  }

  /**
   * Takes a permit back. Does nothing if the request does not run (any more).
   *
   * @param usage the use of the request; null if its caller cannot tell
   */
  void complete(Round round, PendingRequest request, @Nullable Usage usage) {
    if (request.state() == State.RUNNING) {
      end(round, request, usage, Effects.Kind.RETURNED);
    }
  }

  private void end(Round round, PendingRequest request, @Nullable Usage usage, Effects.Kind kind) {
    request.moveTo(State.DONE);
    order.remove(request);
    var hasFailed = isFailure(usage);
    room.returned(request, !hasFailed && !Usage.NONE.equals(usage));
    var flow = request.queue().flow();
    var used =
        usage == null || hasFailed ? settleUnknown(round, request) : settle(round, request, usage);
    flow.band().completed(flow, request.cost());
    registry.returned(request.queue(), round.nowNanos());
    round.add(kind, request, used);
  }

  @SuppressWarnings("ReferenceEquality") // the failure is one object, equal to a usage of nothing
  private static boolean isFailure(@Nullable Usage usage) {
    return usage == PendingRequest.FAILED;
  }

  private Usage settle(Round round, PendingRequest request, Usage usage) {
    correct(request, pricing.error(request, usage));
    pricing.learn(request, usage, round.nowNanos() - request.dispatchedAtNanos());
    return usage;
  }

  /** If nothing was reported, what was charged at dispatch is never refunded. */
  private Usage settleUnknown(Round round, PendingRequest request) {
    var report = request.reported(round.nowNanos());
    if (report == null) {
      var used = pricing.assumed(request, round.nowNanos());
      correct(request, Math.max(0, pricing.error(request, used)));
      return used;
    }
    var used = pricing.assumed(request, report, round.nowNanos());
    correct(request, pricing.error(request, used));
    return used;
  }

  private void correct(PendingRequest request, long costDelta) {
    if (costDelta == 0) {
      return;
    }
    var flow = request.queue().flow();
    request.charge(costDelta);
    flow.charge(costDelta);
    flow.band().corrected(flow, costDelta, request.chargePeriod());
    bandPolicy.corrected(
        flow.band().rank(),
        request.cost(),
        costDelta,
        registry.activeBands(),
        request.bandBooking());
  }

  /**
   * Takes back the permits that were not returned in time.
   *
   * @return false if the effects are too many for one hold of the lock
   */
  boolean reclaimOverdue(Round round) {
    for (var first = order.first();
        first != null && round.nowNanos() - first.dispatchedAtNanos() >= maxRequestNanos;
        first = order.first()) {
      if (round.effects().isHalfFull()) {
        return false;
      }
      end(round, first, null, Effects.Kind.RECLAIMED);
    }
    return true;
  }

  /** The time at which the next permit is taken back; {@link NextDue#NEVER} if nothing runs. */
  long nextDueNanos() {
    var first = order.first();
    return first == null ? NextDue.NEVER : first.dispatchedAtNanos() + maxRequestNanos;
  }

  /** Throws {@link AssertionError} if an invariant does not hold. O(running). */
  void checkInvariants() {
    var counted = 0;
    for (var request = order.first(); request != null; request = request.nextRunning()) {
      counted++;
      if (request.state() != State.RUNNING) {
        throw new AssertionError("wrong: " + request.state() + " in the running list");
      }
    }
    if (counted != order.size()) {
      throw new AssertionError("wrong: " + counted + " in the running list, not " + order.size());
    }
  }
}
