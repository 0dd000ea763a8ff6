package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The engine's naive twin, which decides what the engine should decide, as plainly as possible. It
 * holds two lists of requests, {@linkplain NaiveState queued and running}, and recomputes
 * everything else from them at each step by full scans. It shares no code with the engine and was
 * written from the engine's specification. Only the cost model, the output predictor and the band
 * policy are the engine's own plugins, used as black boxes.
 *
 * <p>A {@link Command} goes in; the {@link Decision}s that it causes come out, in order. This class
 * is long because it holds the whole order of work. Each idea has a class of its own:
 *
 * <table>
 *   <caption>Where to look</caption>
 *   <tr><td>{@link NaiveLimits}</td><td>is a newcomer refused for lack of places?</td></tr>
 *   <tr><td>{@link NaiveShares}</td><td>has its tenant its share of the places?</td></tr>
 *   <tr><td>{@link NaiveDisplacement}</td><td>which queued request gives way?</td></tr>
 *   <tr><td>{@link NaiveRoom}</td><td>has the pool room for a request?</td></tr>
 *   <tr><td>{@link NaiveBandPolicy}</td><td>which band goes next?</td></tr>
 *   <tr><td>{@link NaiveDispatchOrder}</td><td>which tenant of the band, and which flow?</td></tr>
 *   <tr><td>{@link NaiveFairness}</td><td>what fairness policies count</td></tr>
 *   <tr><td>{@link NaiveQueues}</td><td>which request of the flow?</td></tr>
 *   <tr><td>{@link NaiveCosts}</td><td>what does a request cost?</td></tr>
 *   <tr><td>{@link NaiveTime}</td><td>when does a request expire, or its permit?</td></tr>
 *   <tr><td>{@link NaiveRegistry}</td><td>which flows and bands exist?</td></tr>
 * </table>
 */
final class NaiveEngine {
  private final NaiveState state;
  private final NaiveLimits limits;
  private final NaiveRoom room;
  private final NaiveQueues queues;
  private final NaiveDispatchOrder order;
  private final NaiveBandPolicy bandPolicy;
  private final NaiveDisplacement displacement;
  private final NaiveShares shares;
  private final NaiveTime time;
  private final NaiveRegistry registry;
  private final NaiveCosts costs;
  private final List<Decision> decisions = new ArrayList<>();
  private long lastSequence;

  /** Starts at an instant in nanoseconds, as the engine's. */
  NaiveEngine(Knobs knobs, long now, NaivePlugins plugins) {
    costs = new NaiveCosts(plugins, knobs);
    state = new NaiveState(knobs, now);
    limits = new NaiveLimits(state);
    room = new NaiveRoom(state);
    queues = new NaiveQueues(state);
    order = new NaiveDispatchOrder(state, room, queues);
    bandPolicy = new NaiveBandPolicy(state, room, order, plugins.bandPolicies());
    displacement = new NaiveDisplacement(state, queues);
    shares = new NaiveShares(state, limits, displacement);
    time = new NaiveTime(state);
    registry = new NaiveRegistry(state, order, bandPolicy);
    registry.addConfiguredBands(knobs);
  }

  /**
   * Carries out a command. Only an offer uses {@code request}, which is the request that it offers.
   */
  List<Decision> apply(Command command, FlowControlRequest request) {
    decisions.clear();
    if (command instanceof Command.Lag lag) {
      state.now += lag.ticks() * Ticks.NANOS;
      return List.of();
    }
    timePasses();
    if (command instanceof Command.Offer o) {
      offer(o, request);
    } else if (command instanceof Command.Cancel c) {
      ifFound(state.queued, c.number(), r -> evict(r, "CANCELLED"));
    } else if (command instanceof Command.Advance a) {
      advance(a.ticks() * Ticks.NANOS);
    } else if (command instanceof Command.Complete c) {
      ifFound(
          state.running, c.number(), r -> complete(r, Usage.of(c.inputTokens(), c.outputTokens())));
    } else if (command instanceof Command.Close c) {
      ifFound(state.running, c.number(), r -> returnPermit(r, unknown(r), ""));
    } else if (command instanceof Command.Progress p) {
      ifFound(
          state.running, p.number(), r -> progress(r, Usage.of(p.inputTokens(), p.outputTokens())));
    } else if (command instanceof Command.Bind b) {
      ifFound(state.running, b.number(), r -> r.endpoint = b.endpoint());
    } else if (command instanceof Command.Pool p) {
      state.poolChanged(p.endpoints());
    } else if (command instanceof Command.Reconfigure r) {
      reconfigure(r.knobs());
    } else if (command instanceof Command.Shutdown s) {
      time.shutDown(s.drainTicks());
    }
    endRound();
    return List.copyOf(decisions);
  }

  private static void ifFound(
      List<NaiveRequest> requests, int number, Consumer<NaiveRequest> action) {
    requests.stream().filter(r -> r.number() == number).findFirst().ifPresent(action);
  }

  // Time

  private void advance(long nanos) {
    var target = state.now + nanos;
    endRound();
    for (var next = nextEvent(); next <= target; next = nextEvent()) {
      state.now = Math.max(state.now, next);
      endRound();
    }
    state.now = target;
  }

  private long nextEvent() {
    return Math.min(time.nextEvent(), registry.nextEvent());
  }

  /** Does everything that is due, then dispatches the requests that may go. */
  private void endRound() {
    timePasses();
    dispatchWhatMayGo();
    if (time.isShutdownOver()) {
      List.copyOf(state.queued).forEach(r -> evict(r, "SHUTTING_DOWN"));
    }
  }

  private void timePasses() {
    for (var request : List.copyOf(state.queued)) {
      if (time.isExpired(request)) {
        evict(request, state.isServed(request.model()) ? "EXPIRED" : "NO_ENDPOINTS");
      }
    }
    for (var request : List.copyOf(state.running)) {
      if (time.isOverdue(request)) {
        returnPermit(request, unknown(request), "reclaimed");
      }
    }
    registry.forgetIdle();
  }

  // Offers

  private void offer(Command.Offer offer, FlowControlRequest request) {
    var refusal = refusalAtTheDoor(offer);
    if (refusal != null) {
      reject(offer, refusal);
      return;
    }
    var newcomer = newcomer(offer, request);
    registry.add(newcomer);
    bandPolicy.update();
    if (room.mayGo(newcomer)) {
      dispatchWhatMayGo(); // earlier requests may have room now, because time has passed
    }
    if (room.mayGo(newcomer)) {
      state.queued.add(newcomer);
      var passedOver = bandPolicy.bandsWithRoom();
      queuedOrRunningChanged();
      registry.offered(newcomer);
      dispatch(newcomer, "at once", passedOver);
      return;
    }
    refusal = refusalOfPlace(newcomer);
    if (refusal != null) {
      registry.offered(newcomer);
      reject(offer, refusal);
      return;
    }
    state.queued.add(newcomer);
    queuedOrRunningChanged();
    backlogsChanged();
    registry.offered(newcomer);
    decide(Decision.Kind.QUEUED, offer.number(), "");
  }

  private @Nullable String refusalAtTheDoor(Command.Offer offer) {
    if (time.isShuttingDown()) {
      return "SHUTTING_DOWN";
    }
    if (time.deadline(offer) <= state.now) {
      return "EXPIRED";
    }
    return registry.ensureBand(offer.priority()) ? null : "OTHER";
  }

  private NaiveRequest newcomer(Command.Offer offer, FlowControlRequest request) {
    var estimate = costs.estimate(request);
    var newcomer =
        new NaiveRequest(offer, request, time.limits(offer), state.now, ++lastSequence, estimate);
    newcomer.orderingKey = queues.orderingKey(newcomer);
    return newcomer;
  }

  /**
   * The reason why the newcomer can't be queued, or null if it can. Displaces a request if that
   * makes a place.
   */
  private @Nullable String refusalOfPlace(NaiveRequest newcomer) {
    var refusal = limits.refusal(newcomer);
    if (refusal != null) {
      return refusal;
    }
    var admitted = shares.admits(newcomer);
    var hasPlace = limits.fits(newcomer) || limits.displacementHelps(newcomer);
    if (!admitted || limits.isBandFull(newcomer) || !hasPlace) {
      var victim = shares.victim(newcomer, admitted);
      if (victim == null) {
        return limits.full();
      }
      evict(victim, "DISPLACED");
    }
    while (!limits.fits(newcomer)) {
      evict(displacement.victim(), "DISPLACED");
    }
    return null;
  }

  // Dispatch

  private void dispatchWhatMayGo() {
    for (var mayGo = true; mayGo; ) {
      mayGo = dispatchOne();
    }
  }

  private boolean dispatchOne() {
    bandPolicy.update();
    var bands = List.copyOf(state.bands);
    var notCovered = new HashSet<Integer>();
    for (var candidates = bandPolicy.backloggedBands(); candidates != 0; ) {
      var rank = bandPolicy.next(candidates);
      var reservedTurn = bandPolicy.isReservedTurn() && !notCovered.contains(rank);
      order.reopen(bands.get(rank), reservedTurn);
      var queue = order.next(bands.get(rank), reservedTurn);
      if (queue == null) {
        candidates &= ~(1L << rank);
        continue;
      }
      var request = queues.next(queue);
      var passedOver = bandPolicy.bandsWithRoom();
      if (reservedTurn && !bandPolicy.covers(request, passedOver)) {
        notCovered.add(rank);
        continue;
      }
      queues.dispatched(queue);
      dispatch(request, reservedTurn ? "reserved" : "queued", passedOver);
      return true;
    }
    return false;
  }

  private void dispatch(NaiveRequest request, String how, long passedOver) {
    order.skip(request);
    if (how.equals("queued")) {
      order.serving(request);
    }
    state.queued.remove(request);
    state.running.add(request);
    request.chargedCost = costs.estimate(request.request); // by what is known now
    request.predictedOutput = costs.predictedOutput(request.request);
    request.dispatchedAt = state.now;
    request.reportedAt = state.now;
    order.dispatched(request, request.chargedCost);
    queuedOrRunningChanged();
    backlogsChanged();
    bandPolicy.dispatched(request, how.equals("reserved"), passedOver);
    decide(Decision.Kind.DISPATCHED, request.number(), how);
  }

  // Running requests

  private void complete(NaiveRequest request, Usage usage) {
    returnPermit(request, costs.actual(usage) - request.chargedCost, "");
    costs.learn(request, usage, state.now);
  }

  /** The correction where nobody says what was used. Without any report nothing is refunded. */
  private long unknown(NaiveRequest request) {
    var error = costs.actual(costs.assumed(request, state.now)) - request.chargedCost;
    return request.reported == null ? Math.max(0, error) : error;
  }

  private void returnPermit(NaiveRequest request, long correction, String how) {
    request.chargedCost += correction;
    correct(request, correction);
    state.running.remove(request);
    queuedOrRunningChanged();
    decide(Decision.Kind.RETURNED, request.number(), how);
  }

  /** Charges use beyond the estimate at once. */
  private void progress(NaiveRequest request, Usage soFar) {
    request.reported = soFar;
    request.reportedAt = state.now;
    var excess = costs.actual(costs.completed(request, soFar)) - request.chargedCost;
    if (excess > 0) {
      request.chargedCost += excess;
      correct(request, excess);
    }
  }

  private void correct(NaiveRequest request, long costDelta) {
    order.corrected(request, costDelta);
    bandPolicy.corrected(request, costDelta);
  }

  // Configuration

  private void reconfigure(Knobs changed) {
    var before = state.knobs;
    // Tenants' limits change last: new policies first meet the tenants that could run before.
    state.knobs = changed.withTenants(before.tenants()).withDefaultTenant(before.defaultTenant());
    registry.addConfiguredBands(changed);
    for (var request : state.queued) {
      request.orderingKey = queues.orderingKey(request);
    }
    queues.forgetEmptyQueues();
    registry.update();
    order.policiesChanged(changed);
    if (changed.bandPolicy() != before.bandPolicy()) {
      bandPolicy.policyChanged(changed);
    }
    if (changed.flowDisplacement() != before.flowDisplacement()) {
      displacement.policyChanged();
    }
    state.knobs = changed;
    costs.reconfigure(before, changed);
    queuedOrRunningChanged();
  }

  // Outcomes

  private void queuedOrRunningChanged() {
    queues.forgetEmptyQueues();
    registry.update();
    order.update();
  }

  private void backlogsChanged() {
    displacement.backlogsChanged();
    shares.backlogsChanged();
  }

  private void reject(Command.Offer offer, String reason) {
    decide(Decision.Kind.REJECTED, offer.number(), reason);
  }

  private void evict(NaiveRequest request, String reason) {
    state.queued.remove(request);
    queuedOrRunningChanged();
    backlogsChanged();
    decide(Decision.Kind.EVICTED, request.number(), reason);
  }

  private void decide(Decision.Kind kind, int number, String reason) {
    decisions.add(new Decision(kind, number, reason));
  }

  // Values that tests compare

  /** The longest wait among the heads of a flow's queues. */
  long headWaitNanos(FlowKey flow) {
    return queues.headWaitNanos(flow);
  }

  /** The flows that are not forgotten. */
  Set<FlowKey> flows() {
    return registry.flows();
  }

  /** The bands that exist, highest first. */
  List<Integer> bands() {
    return List.copyOf(state.bands);
  }

  List<NaiveRequest> queued() {
    return state.queued;
  }

  List<NaiveRequest> running() {
    return state.running;
  }

  NaiveState state() {
    return state;
  }
}
