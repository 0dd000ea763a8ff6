package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.guard.GuardedBandPolicy;
import dev.sluice.flowcontrol.registry.Band;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.registry.TenantQueue;
import dev.sluice.flowcontrol.types.EvictReason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the request that goes next, and lets it go: first the band, then the tenant, the flow and
 * the request. A class of requests that has no room is skipped at every level, so it never blocks
 * another.
 */
final class Dispatcher {

  /** What became of a band's turn. */
  private enum Turn {
    /** A request was dispatched or shed. */
    TAKEN,
    /** No class of the band has room. */
    NO_ROOM,
    /** The reserve of the band does not cover its request. */
    NOT_COVERED
  }

  private final FlowRegistry registry;
  private final Pricing pricing;
  private final Room room;
  private final Waiting waiting;
  private final Running running;
  private final RetryAfter retryAfter;
  private final GuardedBandPolicy bandPolicy;

  /**
   * Candidates of the band being served: for each class with room the tenant that its policy named.
   */
  private final List<TenantQueue> candidates = new ArrayList<>();

  /** The version of the registry's bands that the band policy was last told of. */
  private long toldVersion;

  private boolean unfinished;

  Dispatcher(
      FlowRegistry registry,
      Pricing pricing,
      Room room,
      Waiting waiting,
      Running running,
      RetryAfter retryAfter,
      GuardedBandPolicy bandPolicy) {
    this.registry = registry;
    this.pricing = pricing;
    this.room = room;
    this.waiting = waiting;
    this.running = running;
    this.retryAfter = retryAfter;
    this.bandPolicy = bandPolicy;
  }

  void configure(FlowControlConfig config) {
    if (bandPolicy.use(config.bandPolicy())) {
      toldVersion = 0;
      running.forgetBookings();
    }
  }

  /** Whether requests are queued that could go, because the effects of a round were too many. */
  boolean isUnfinished() {
    return unfinished;
  }

  /** Tells the band policy of the bands if these have changed since it was told last. */
  void tellBands() {
    if (registry.bandsVersion() != toldVersion) {
      toldVersion = registry.bandsVersion();
      bandPolicy.bandsChanged(registry.bands());
    }
  }

  /** Dispatches until no queued request has room, or the effects are too many. */
  void dispatchAll(Round round) {
    tellBands();
    unfinished = false;
    var bands = registry.activeBands();
    var notCovered = 0L;
    while (bands != 0) {
      if (round.effects().isFull()) {
        unfinished = true;
        return;
      }
      var rank = bandPolicy.next(bands);
      var bit = 1L << rank;
      var reservedTurn = bandPolicy.isReservedTurn() && (notCovered & bit) == 0;
      switch (serve(round, registry.band(rank), reservedTurn)) {
        case TAKEN -> {
          bands = registry.activeBands();
          notCovered = 0;
        }
        case NO_ROOM -> bands &= ~bit;
        case NOT_COVERED -> notCovered |= bit;
      }
    }
  }

  /** Dispatches or sheds one request of a band. */
  private Turn serve(Round round, Band band, boolean reservedTurn) {
    var queue = choose(round, band, reservedTurn);
    if (queue == null) {
      return Turn.NO_ROOM;
    }
    var now = round.nowNanos();
    if (!(queue.next(now) instanceof QueuedRequest request) || request.queue() != queue) {
      waiting.evictAll(round, queue);
    } else if (waiting.isOver(round, request)) {
      waiting.expire(round, request);
    } else if (band.isHopeless(request, now)) {
      waiting.evict(
          round, request, EvictReason.EXPIRED, "the request can no longer meet its deadline");
    } else {
      var passedOver = bandsWithRoom(round);
      if (reservedTurn && !bandPolicy.covers(band.rank(), request.pending().cost(), passedOver)) {
        return Turn.NOT_COVERED;
      }
      dispatch(round, request, reservedTurn, passedOver);
    }
    return Turn.TAKEN;
  }

  /**
   * The queue of a band to serve: the best queue of the best tenant. Candidates are the tenants
   * that are named for the classes with room, and this tenant's queues in these classes. Null if no
   * class has room. O(classes).
   */
  private @Nullable FlowQueue choose(Round round, Band band, boolean reservedTurn) {
    candidates.clear();
    TenantQueue best = null;
    var slots = band.activeSlots();
    for (var i = 0; i < slots.size(); i++) {
      var slot = slots.get(i);
      if (!room.has(round, slot, band, reservedTurn)) {
        continue;
      }
      if (slot.isSkipped()) {
        band.reopened(slot);
      }
      var named = band.next(slot);
      if (named == null) {
        named = waiting.longestWaitingOf(slot).tenantQueue();
      }
      candidates.add(named);
      if (best == null || band.precedes(named, best)) {
        best = named;
      }
    }
    return best == null ? null : bestQueueOf(best, band);
  }

  private @Nullable FlowQueue bestQueueOf(TenantQueue tenant, Band band) {
    FlowQueue best = null;
    for (var i = 0; i < candidates.size(); i++) {
      var candidate = candidates.get(i);
      if (candidate.bandTenant() == tenant.bandTenant()) {
        var named = band.next(candidate);
        if (named == null) {
          named = waiting.longestWaitingOf(candidate);
        }
        if (best == null || band.precedes(named, best)) {
          best = named;
        }
      }
    }
    return best;
  }

  /**
   * Bit r is set if a queued request of the band of rank r has room, whatever the ceiling of the
   * band. O(bands), as long as the first class of each has room.
   */
  private long bandsWithRoom(Round round) {
    var bands = 0L;
    for (var rest = registry.activeBands(); rest != 0; rest &= rest - 1) {
      var rank = Long.numberOfTrailingZeros(rest);
      var band = registry.band(rank);
      var slots = band.activeSlots();
      for (var i = 0; i < slots.size(); i++) {
        if (room.has(round, slots.get(i), band, true)) {
          bands |= 1L << rank;
          break;
        }
      }
    }
    return bands;
  }

  private void dispatch(Round round, QueuedRequest place, boolean reservedTurn, long passedOver) {
    var queue = place.queue();
    if (!waiting.take(round, place)) {
      return;
    }
    var flow = queue.flow();
    noteSkipped(round, queue, flow.band());
    var request = place.pending();
    flow.band().serving(flow);
    registry.left(queue, place);
    pricing.estimate(request); // what was learned while it waited counts
    running.start(round, request);
    flow.band().dispatched(queue, request.cost());
    retryAfter.dispatched(flow, round.nowNanos());
    running.started(
        round,
        queue,
        request,
        reservedTurn ? Effects.Kind.DISPATCHED_RESERVED : Effects.Kind.DISPATCHED,
        passedOver);
  }

  /** Dispatches a request that finds room on arrival, so that it is never queued. */
  boolean dispatchAtOnce(Round round, PendingRequest request) {
    var queue = request.queue();
    var hasRoom = hasRoomAtOnce(round, queue);
    if (hasRoom && registry.activeBands() != 0) {
      dispatchAll(round); // time alone may have made room, and queued requests go first
      hasRoom = hasRoomAtOnce(round, queue);
    }
    if (!hasRoom) {
      return false;
    }
    var band = queue.flow().band();
    noteSkipped(round, queue, band);
    var passedOver = bandsWithRoom(round);
    running.start(round, request);
    band.dispatchedAtOnce(queue, request.cost());
    running.started(round, queue, request, Effects.Kind.DISPATCHED_AT_ONCE, passedOver);
    return true;
  }

  private boolean hasRoomAtOnce(Round round, FlowQueue queue) {
    var flow = queue.flow();
    return !unfinished
        && !flow.tenant().isAtRunningLimit()
        && room.has(round, queue.slot(), flow.band());
  }

  /**
   * Notes which classes of a band have no room while another of its classes is served. O(classes).
   */
  private void noteSkipped(Round round, FlowQueue served, Band band) {
    var slots = band.activeSlots();
    for (var i = 0; i < slots.size(); i++) {
      var slot = slots.get(i);
      if (slot != served.slot() && (slot.isSkipped() || !room.has(round, slot, band))) {
        slot.setSkipped(true);
        served.flow().bandTenant().skip(slot);
      }
    }
  }

  /** Throws {@link AssertionError} if a request is queued that could go. O(queued). */
  void checkInvariants(Round round) {
    for (var entry : waiting.inOrderOfArrival()) {
      var queue = entry.queue();
      if (!unfinished && queue.isServable() && room.has(round, queue.slot(), queue.flow().band())) {
        throw new AssertionError("wrong: " + entry.item().request() + " could be dispatched");
      }
    }
  }
}
