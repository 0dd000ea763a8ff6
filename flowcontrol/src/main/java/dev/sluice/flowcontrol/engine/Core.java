package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.guard.GuardedBandPolicy;
import dev.sluice.flowcontrol.guard.GuardedGate;
import dev.sluice.flowcontrol.guard.GuardedUsageLimit;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The decision core: a single-threaded, deterministic state machine. Operations go in, effects come
 * out; it knows no threads, clocks, locks or I/O.
 *
 * <p>It decides in rounds, one for each hold of the lock:
 *
 * <pre>
 * begin   time passes: requests expire, overdue permits are reclaimed, idle flows are forgotten
 * apply   an operation happens, and requests that have room are dispatched; any number of times
 * end     the events of time have their consequences: dispatch, the end of a drain, the next timer
 * </pre>
 *
 * <p>Each idea has a class. {@link Offers} decides on a newcomer; {@link EarlyRefusal}, {@link
 * QueueLimits}, {@link Displacement} and {@link PlaceExchange} decide whether a newcomer may queue.
 * {@link Dispatcher} chooses the next request, and {@link Room} decides whether that request may
 * go. {@link Waiting} and {@link Running} hold the requests, and {@link Lifecycle} is the shutdown.
 * The core knows only the order in which these classes work.
 *
 * <p>After every operation nothing is queued that could be dispatched, unless the effects were too
 * many for one hold of the lock ({@link Dispatcher#isUnfinished}). So a new request that finds room
 * has no queued request to wait for.
 *
 * <p>Invariants, checked by {@link #checkInvariants}: I1 the counts are those of {@link
 * FlowRegistry}; I2 a request is in the arrival order iff it is QUEUED, and in the running list iff
 * it is RUNNING; I3 nothing queued could be dispatched, unless unfinished; I4 no timer belongs to a
 * request that is not queued; I5 nothing is due before {@link NextDue}.
 */
public final class Core {
  private final Round round;
  private final NextDue nextDue = new NextDue();
  private final FlowRegistry registry;
  private final Budgets budgets;
  private final Pricing pricing;
  private final Room room;
  private final Waiting waiting;
  private final Running running;
  private final EarlyRefusal early;
  private final Displacement displacement;
  private final QueueLimits limits;
  private final Dispatcher dispatcher;
  private final Lifecycle lifecycle;
  private final Offers offers;
  private final EngineView view;
  private final Consumer<FlowKey> flowCollected;

  private FlowControlConfig config;
  private boolean timeUnfinished;
  private boolean timeHadEffects;

  /** A core without requests, endpoints or flows. */
  public Core(FlowControlConfig wanted, long nowNanos) {
    config = wanted.prepared(null);
    round = new Round(nowNanos);
    var gate = new GuardedGate(config.detector(), round);
    var bandPolicy = new GuardedBandPolicy(config.bandPolicy(), round);
    registry = new FlowRegistry(config, round, gate::classAdded, gate::classRetired, nowNanos);
    var retryAfter = new RetryAfter(registry);
    budgets = new Budgets(config);
    pricing = new Pricing(config, round);
    room = new Room(gate, new GuardedUsageLimit(config.usageLimit(), round), registry);
    waiting = new Waiting(round, registry, budgets, retryAfter, nextDue);
    running = new Running(config, registry, room, pricing, bandPolicy, nextDue);
    early = new EarlyRefusal(config, budgets, retryAfter);
    displacement = new Displacement(config, round, registry, waiting);
    var exchange = new PlaceExchange(waiting, displacement);
    limits = new QueueLimits(config, round, registry, displacement, exchange, budgets, retryAfter);
    dispatcher = new Dispatcher(registry, pricing, room, waiting, running, retryAfter, bandPolicy);
    lifecycle = new Lifecycle(waiting, running);
    offers = new Offers(registry, pricing, dispatcher, early, limits, waiting, lifecycle);
    view = new EngineView(registry, room, running, budgets);
    flowCollected = flow -> round.effects().add(Effects.Kind.FLOW_COLLECTED, flow, null);
  }

  /**
   * Begins a round: lets time pass, and everything happen that is due. Operations follow, then
   * {@link #end}.
   *
   * @param nowNanos the time; a time before the last one counts as equal to it
   * @param out where the effects go
   */
  public void begin(long nowNanos, Effects out) {
    round.begin(nowNanos, out);
    registry.advanceTo(round.nowNanos());
    var before = out.size();
    if (timeUnfinished
        || round.isPast(nextDue.nanos())
        || round.isPast(registry.collectionNanos())) {
      letTimePass();
    }
    timeHadEffects = out.size() != before;
  }

  /**
   * Lets an operation happen at a time of its own, and dispatches the requests that have room now.
   */
  public void apply(Operation operation, long nowNanos) {
    if (round.advanceTo(nowNanos)) {
      registry.advanceTo(nowNanos);
    }
    carryOut(operation);
    dispatch();
  }

  private void carryOut(Operation operation) {
    if (operation instanceof PendingRequest offer) {
      offers.offer(round, offer);
    } else if (operation instanceof Operation.Complete complete) {
      running.complete(round, complete.request(), complete.usage());
    } else if (operation instanceof Operation.Progress progress) {
      running.progress(round, progress.request(), progress);
    } else if (operation instanceof Operation.Bind bind) {
      running.bind(bind.request(), bind.endpointId());
    } else if (operation instanceof Operation.Cancel cancel) {
      waiting.cancel(round, cancel.request());
    } else if (operation instanceof Operation.PoolChanged change) {
      poolChanged(change.snapshot());
    } else if (operation instanceof Operation.Reconfigure reconfigure) {
      reconfigure(reconfigure.config());
    } else if (operation instanceof Operation.Shutdown shutdown) {
      shutdown(shutdown.drainNanos());
    } else if (!(operation instanceof Operation.Tick)) {
      throw new IllegalArgumentException("an operation that the core does not know: " + operation);
    }
  }

  /**
   * Takes a permit back: {@link Operation.Complete} without an object to carry it.
   *
   * @param usage the use of the request; null if its caller cannot tell
   */
  public void complete(PendingRequest request, @Nullable Usage usage) {
    running.complete(round, request, usage);
    dispatch();
  }

  /**
   * Gives up an operation that threw half-way. If it was an offer that has no outcome yet, the
   * request is refused, so that its caller does not wait for ever.
   */
  public void abandon(Operation operation) {
    if (operation instanceof PendingRequest offer) {
      offers.abandon(round, offer);
    }
  }

  /** Ends a round. */
  public void end() {
    if (timeHadEffects || dispatcher.isUnfinished()) {
      dispatch();
    }
    lifecycle.advance(round);
    if (nextDue.isUnknown()) {
      nextDue.set(nextTimerNanos());
    }
    endRound();
  }

  private void dispatch() {
    timeHadEffects = false;
    dispatcher.dispatchAll(round);
  }

  private void endRound() {
    round.end(
        timeUnfinished || dispatcher.isUnfinished() || lifecycle.isUnfinished(),
        NextDue.earlier(nextDue.nanos(), registry.collectionNanos()));
  }

  /** Lets everything happen that is due, as far as the effects of one round allow. */
  private void letTimePass() {
    nextDue.invalidate();
    var allExpired = waiting.expireDue(round);
    var allReclaimed = running.reclaimOverdue(round);
    timeUnfinished = !allExpired || !allReclaimed;
    registry.collect(round.nowNanos(), Effects.LIMIT, flowCollected);
    dispatcher.tellBands(); // later steps may name bands by rank
  }

  private long nextTimerNanos() {
    return NextDue.earlier(
        lifecycle.nextDueNanos(), NextDue.earlier(waiting.nextDueNanos(), running.nextDueNanos()));
  }

  private void poolChanged(PoolSnapshot snapshot) {
    nextDue.invalidate();
    waiting.poolChanged(round, snapshot);
    room.poolChanged(round, snapshot, running);
    round.effects().add(Effects.Kind.POOL_CHANGED, null, room.poolSaturation(round));
  }

  private void reconfigure(FlowControlConfig wanted) {
    var newConfig = wanted.prepared(config); // may throw; after this no plugin is asked for more
    nextDue.invalidate();
    config = newConfig;
    budgets.configure(newConfig);
    running.configure(newConfig);
    registry.reconfigure(newConfig, waiting.inOrderOfArrival(), round.nowNanos());
    dispatcher.configure(newConfig);
    early.configure(newConfig);
    limits.configure(newConfig);
    displacement.configure(newConfig);
    pricing.configure(newConfig);
    room.configure(round, newConfig, running);
    round.effects().add(Effects.Kind.RECONFIGURED, null, null);
  }

  private void shutdown(long drainNanos) {
    nextDue.invalidate();
    lifecycle.beginDrain(round, drainNanos);
  }

  /**
   * Begins a view of bands, flows and counts as they are at {@code nowNanos}, or adds a slice of
   * flows to it.
   *
   * @param begun the view so far; null to begin
   */
  public ViewInSlices view(@Nullable ViewInSlices begun, long nowNanos, Effects out) {
    round.begin(round.nowNanos(), out);
    var picture = begun instanceof EngineView.Picture p ? p : view.begin(round, config, nowNanos);
    view.addSlice(picture);
    endRound();
    return picture;
  }

  /** Throws {@link AssertionError} if an invariant does not hold. O(everything). */
  public void checkInvariants() {
    registry.checkInvariants();
    waiting.checkInvariants();
    running.checkInvariants();
    dispatcher.checkInvariants(round);
    if (NextDue.earlier(nextTimerNanos(), nextDue.nanos()) != nextDue.nanos()) {
      throw new AssertionError("wrong: due " + nextTimerNanos() + ", expected " + nextDue.nanos());
    }
  }
}
