package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.controller.PendingRequest.State;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.registry.Band;
import dev.sluice.flowcontrol.registry.ClassSlot;
import dev.sluice.flowcontrol.registry.DrainRate;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.registry.TenantQueue;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The decision core: a single-threaded, deterministic state machine. Operations go in, effects come
 * out; it knows no threads, clocks, locks or I/O.
 *
 * <p>A queued request is in its flow's queue, in the arrival order, and, if it can expire, in the
 * deadline heap. A running request is in the list of running ones. After every operation nothing
 * that could be dispatched is queued, unless {@code drainUnfinished} says that the effects were too
 * many for one hold of the lock; so a new request that finds room has no one to wait for.
 *
 * <p>Invariants, checked by {@link #checkInvariants}: I1 the counts are those of {@link
 * FlowRegistry}; I2 a request is in the arrival order iff its state is QUEUED, and in the running
 * list iff it is RUNNING; I3 nothing queued could be dispatched, unless unfinished; I4 no timer
 * belongs to a request that is not queued; I5 nothing is due before {@code dueNanos}.
 */
final class Core {
  private static final long NEVER = QueuedRequest.NEVER;

  private enum Phase {
    OPEN,
    DRAINING,
    CLOSED
  }

  private final FlowRegistry registry;
  private final ArrivalOrder arrivals = new ArrivalOrder();
  private final Deadlines deadlines;
  private final DrainRate drainRate = new DrainRate();

  /** What the classes with room name of a band while it is served. */
  private final List<TenantQueue> named = new ArrayList<>();

  private final Consumer<FlowKey> collected = this::flowCollected;

  private FlowControlConfig config;
  private long maxRequestNanos;
  private CapacityGate gate;
  private BandPolicy bandPolicy;
  private UsageLimitPolicy usageLimit;
  private QueueAdmissionPolicy queueAdmission;
  private IntraFlowDisplacementPolicy requestDisplacement;
  private CostModel costModel;
  private OutputPredictor outputPredictor;

  private PoolSnapshot pool = PoolSnapshot.EMPTY;
  private boolean poolEmpty = true;
  private boolean regimeChanged;
  private long regimeSinceNanos;

  /** Ceilings by rank, as computed for {@code ceilingsSaturation} and {@code ceilingsVersion}. */
  private double[] ceilings = {};

  private double ceilingsSaturation = Double.NaN;
  private long ceilingsVersion;

  /** The version of the registry's bands that the band policy was last told of. */
  private long toldVersion;

  private final RunningOrder running = new RunningOrder();

  private Phase phase = Phase.OPEN;
  private long drainUntilNanos;
  private boolean drainReported;
  private boolean elapseUnfinished;
  private boolean drainDue;
  private boolean drainUnfinished;
  private boolean closeUnfinished;
  private long nextSequence = 1;
  private long nextEvent = 1;

  /** Nothing is due before this; {@link #NEVER} if nothing ever is. Maybe too early, never late. */
  private long dueNanos = NEVER;

  /** {@link #dueNanos} has to be found out again: something other than an offer changed it. */
  private boolean dueUnknown;

  private long now;
  private Effects effects = new Effects();

  Core(FlowControlConfig config, long nowNanos) {
    this.config = config;
    this.maxRequestNanos = config.maxRequestDuration().toNanos();
    this.now = nowNanos;
    deadlines = new Deadlines(nowNanos, this::earliestDue);
    gate = config.detector().create().newGate();
    bandPolicy = config.bandPolicy().create();
    usageLimit = config.usageLimit().create();
    queueAdmission = config.queueAdmission().create();
    requestDisplacement = config.requestDisplacement().create();
    costModel = config.costModel().create();
    outputPredictor = config.outputPredictor().create();
    registry =
        new FlowRegistry(config, this::fault, this::classAdded, this::classRetired, nowNanos);
  }

  /**
   * Begins a round: lets time pass, and what is due happen. Then come operations, then {@link
   * #end}.
   *
   * @param nowNanos the time; earlier than before counts as equal to it
   * @param out where the effects go
   */
  void begin(long nowNanos, Effects out) {
    if (nowNanos - now > 0) {
      now = nowNanos;
    }
    effects = out;
    effects.begin(now, nextEvent);
    registry.advanceTo(now);
    var before = effects.size();
    if (elapseUnfinished || isPast(dueNanos) || isPast(registry.collectionNanos())) {
      elapse();
    }
    drainDue = effects.size() != before || drainUnfinished;
  }

  /** Lets an operation happen at a time of its own, and decides what follows from it. */
  void apply(Operation operation, long nowNanos) {
    if (nowNanos - now > 0) {
      now = nowNanos;
      effects.nowNanos(now);
      registry.advanceTo(now);
    }
    apply(operation);
  }

  /** Lets an operation happen and decides what follows from it. */
  void apply(Operation operation) {
    switch (operation) {
      case Operation.Offer offer -> offer((PendingRequest) offer);
      case Operation.Complete complete -> complete(complete.request(), complete.usage(), false);
      case Operation.Cancel cancel -> cancel(cancel.request());
      case Operation.Tick tick -> {}
      case Operation.PoolChanged change -> poolChanged(change.snapshot());
      case Operation.Bind bind -> bind(bind.request(), bind.endpointId());
      case Operation.Progress progress -> progress(progress.request(), progress.usage());
      case Operation.Reconfigure reconfigure -> reconfigure(reconfigure.config());
      case Operation.Shutdown shutdown -> shutdown(shutdown.drainNanos());
    }
    drain();
  }

  /**
   * A permit comes back: an operation too, without an object to carry it.
   *
   * @param usage what the request used; null where the caller can't tell
   */
  void complete(PendingRequest request, @Nullable Usage usage) {
    complete(request, usage, false);
    drain();
  }

  /** Ends a round. */
  void end() {
    if (drainDue) {
      drain();
    }
    if (phase != Phase.OPEN) {
      closeWhenDrained();
    }
    nextEvent = effects.nextSequence();
    if (dueUnknown) {
      dueNanos = nextTimerNanos();
      dueUnknown = false;
    }
    effects.end(isUnfinished(), earlier(dueNanos, registry.collectionNanos()));
  }

  private boolean isPast(long nanos) {
    return nanos != NEVER && now - nanos >= 0;
  }

  /** Something will be due by this time that was not before. */
  private void dueBy(long nanos) {
    dueNanos = earlier(dueNanos, nanos);
  }

  private void flowCollected(FlowKey flow) {
    effects.add(Effects.Kind.FLOW_COLLECTED, null, flow);
  }

  private boolean isUnfinished() {
    return elapseUnfinished || drainUnfinished || closeUnfinished;
  }

  // Arrival

  private void offer(PendingRequest request) {
    request.sinceNanos(now);
    var asked = request.request();
    if (phase != Phase.OPEN) {
      reject(request, RejectReason.SHUTTING_DOWN, "flow control is shutting down", Duration.ZERO);
      return;
    }
    if (asked.deadlineNanos() != FlowControlRequest.UNSET && asked.deadlineNanos() - now <= 0) {
      reject(request, RejectReason.EXPIRED, "the deadline had passed on arrival", Duration.ZERO);
      return;
    }
    var queue = registry.queueFor(asked, now);
    if (queue == null) {
      reject(
          request,
          RejectReason.OTHER,
          "priority "
              + asked.flow().priority()
              + " would need a new band, and "
              + FlowControlConfig.MAX_BANDS
              + " exist",
          Duration.ZERO);
      return;
    }
    var predicted = predict(asked);
    request.offered(queue, predicted, estimate(asked, predicted));
    tellBandPolicy();
    var canPass = canPass(queue);
    if (canPass && registry.activeBands() != 0) {
      drain(); // time alone may have made room, and those who wait go first
      canPass = canPass(queue);
    }
    if (canPass) {
      pass(queue, request);
      return;
    }
    if (admitToQueue(request, queue)) {
      enqueue(request);
    }
  }

  private boolean canPass(FlowQueue queue) {
    var flow = queue.flow();
    return !drainUnfinished
        && !flow.tenant().isAtRunningLimit()
        && hasRoom(queue.slot(), flow.band());
  }

  /** Checks the limits, from the narrowest to the widest, and makes others give way if need be. */
  private boolean admitToQueue(PendingRequest request, FlowQueue queue) {
    var flow = queue.flow();
    var tenant = flow.tenant();
    var band = flow.band();
    var bytes = request.request().sizeBytes();
    var limits = tenant.config();
    var bandLimits = band.config().limits();
    String full = null;
    if (exceeds(tenant.queuedRequests() + 1, limits.maxQueuedRequests())) {
      full =
          "tenant "
              + tenant.id()
              + " has queued all of its "
              + limits.maxQueuedRequests()
              + " requests";
    } else if (exceeds(tenant.queuedBytes() + bytes, limits.maxBytes())) {
      full = "tenant " + tenant.id() + " would queue more than its " + limits.maxBytes() + " bytes";
    } else if (exceeds(flow.queuedRequests() + 1, bandLimits.maxRequestsPerFlow())) {
      full =
          "flow "
              + flow.key()
              + " has queued all of its "
              + bandLimits.maxRequestsPerFlow()
              + " requests";
    } else if (exceeds(flow.queuedBytes() + bytes, bandLimits.maxBytesPerFlow())) {
      full =
          "flow "
              + flow.key()
              + " would queue more than its "
              + bandLimits.maxBytesPerFlow()
              + " bytes";
    }
    if (full != null) {
      reject(request, RejectReason.FLOW_LIMIT, full, retryAfter(flow));
      return false;
    }
    if (exceeds(band.queuedRequests() + 1, band.maxRequests())) {
      full =
          "band " + band.priority() + " has queued all of its " + band.maxRequests() + " requests";
    } else if (exceeds(band.queuedBytes() + bytes, band.maxBytes())) {
      full = "band " + band.priority() + " would queue more than its " + band.maxBytes() + " bytes";
    } else if (!admits(flow, band, request)) {
      full = "flow " + flow.key() + " has its share of the queue";
    } else if (!makeRoom(request, band)) {
      full =
          "the queue is full: "
              + registry.queuedRequests()
              + " requests, "
              + registry.queuedBytes()
              + " bytes";
    }
    if (full != null) {
      var reason = poolEmpty ? RejectReason.NO_ENDPOINTS : RejectReason.CAPACITY;
      reject(request, reason, full, poolEmpty ? Duration.ZERO : retryAfter(flow));
      return false;
    }
    return true;
  }

  /**
   * Makes room under the total limits: plans first, so that nobody gives way in vain, then takes
   * from the lowest band, the flow and the request that the displacement policies name.
   */
  private boolean makeRoom(PendingRequest newcomer, Band band) {
    var bytes = newcomer.request().sizeBytes();
    if (fitsTotals(bytes)) {
      return true;
    }
    if (!config.displacement()) {
      return false;
    }
    var lowerRequests = 0L;
    var lowerBytes = 0L;
    for (var rank = band.rank() + 1; rank < registry.bandCount(); rank++) {
      lowerRequests += registry.band(rank).queuedRequests();
      lowerBytes += registry.band(rank).queuedBytes();
    }
    if (exceeds(registry.queuedRequests() - lowerRequests + 1, config.maxRequests())
        || exceeds(registry.queuedBytes() - lowerBytes + bytes, config.maxBytes())) {
      return false;
    }
    for (var rank = registry.bandCount() - 1; rank > band.rank(); rank--) {
      while (registry.band(rank).queuedRequests() > 0) {
        displaceFrom(registry.band(rank), newcomer);
        if (fitsTotals(bytes)) {
          return true;
        }
      }
    }
    return fitsTotals(bytes);
  }

  private boolean fitsTotals(long bytes) {
    return !exceeds(registry.queuedRequests() + 1, config.maxRequests())
        && !exceeds(registry.queuedBytes() + bytes, config.maxBytes());
  }

  private void displaceFrom(Band band, PendingRequest newcomer) {
    var flow = band.victim();
    var victim = flow == null ? null : victimOf(flow);
    if (victim == null) {
      victim = lastArrivedOf(band);
    }
    evict(
        victim,
        EvictReason.DISPLACED,
        "gave way to a request of priority " + newcomer.request().flow().priority());
  }

  private @Nullable QueuedRequest victimOf(Flow flow) {
    QueuedRequest last = null;
    for (var queue : flow.queues()) {
      if (queue.size() == 0) {
        continue;
      }
      try {
        if (requestDisplacement.victim(queue.items()) instanceof QueuedRequest victim
            && victim.isQueued()
            && victim.queue() == queue
            && (last == null || last.precedes(victim))) {
          last = victim;
        }
      } catch (RuntimeException e) {
        fault(config.requestDisplacement().type(), e);
      }
    }
    return last;
  }

  /** The last resort where the policies named nobody. O(queued). */
  private QueuedRequest lastArrivedOf(Band band) {
    for (var request = arrivals.last(); request != null; request = request.previousArrival()) {
      if (request.queue().flow().band() == band) {
        return request;
      }
    }
    throw new IllegalStateException("band " + band.priority() + " has nothing queued");
  }

  private void enqueue(PendingRequest request) {
    var queue = request.queue();
    var ttl = ttlNanos(request.request(), queue);
    var longestWait =
        ttl == NEVER || noEndpointTtlNanos() == NEVER ? NEVER : Math.max(ttl, noEndpointTtlNanos());
    var patience = deadlines.patience(ttl, longestWait);
    var place = new QueuedRequest(request, nextSequence++, now, patience);
    if (!queue.items().offer(place)) {
      reject(request, RejectReason.OTHER, "its queue failed", Duration.ZERO);
      evictAll(queue);
      return;
    }
    request.queued(place);
    request.state(State.QUEUED);
    arrivals.add(place);
    registry.added(queue, place, now);
    if (registry.queuedRequests() == 1) {
      drainRate.backlogBegan(now);
    }
    effects.add(Effects.Kind.QUEUED, request, null);
    deadlines.add(place);
    dueBy(place.deadlineNanos());
    if (poolEmpty && noEndpointTtlNanos() != NEVER) {
      dueBy(now + noEndpointTtlNanos());
    }
  }

  private void reject(
      PendingRequest request, RejectReason reason, String detail, Duration retryAfter) {
    request.state(State.DONE);
    effects.add(
        Effects.Kind.REJECTED,
        request,
        new Admission.Rejected(reason, detail, Duration.ZERO, retryAfter));
  }

  // Dispatch

  /** Dispatches until nothing that is queued has room, or the effects are many. */
  private void drain() {
    tellBandPolicy();
    drainDue = false;
    drainUnfinished = false;
    var candidates = registry.activeBands();
    while (candidates != 0) {
      if (effects.isFull()) {
        drainUnfinished = true;
        return;
      }
      var rank = nextRank(candidates);
      if (serve(registry.band(rank), isReservedTurn())) {
        candidates = registry.activeBands();
      } else {
        candidates &= ~(1L << rank);
      }
    }
  }

  /** Dispatches or sheds one request of a band. False if none of its classes has room. */
  private boolean serve(Band band, boolean reservedTurn) {
    var best = choose(band, reservedTurn);
    if (best == null) {
      return false;
    }
    if (!(best.next(now) instanceof QueuedRequest request) || request.queue() != best) {
      evictAll(best);
    } else if (isDue(request)) {
      expire(request);
    } else if (band.isHopeless(request, now)) {
      evict(request, EvictReason.EXPIRED, "it could no longer make its deadline");
    } else {
      dispatch(
          best, request, reservedTurn ? Effects.Kind.DISPATCHED_RESERVED : Effects.Kind.DISPATCHED);
    }
    return true;
  }

  /**
   * The queue of a band to serve: the best tenant among those that the classes with room name, and
   * of what these name of that tenant the best queue. Null if no class has room. O(classes).
   */
  private @Nullable FlowQueue choose(Band band, boolean reservedTurn) {
    named.clear();
    TenantQueue first = null;
    var slots = band.activeSlots();
    for (var i = 0; i < slots.size(); i++) {
      var slot = slots.get(i);
      if (!hasRoom(slot, band, reservedTurn)) {
        continue;
      }
      if (slot.isSkipped()) {
        band.reopened(slot);
      }
      var next = band.next(slot);
      if (next == null) {
        next = oldestOf(slot).tenantQueue();
      }
      named.add(next);
      if (first == null || band.precedes(next, first)) {
        first = next;
      }
    }
    FlowQueue best = null;
    for (var i = 0; first != null && i < named.size(); i++) {
      var ofTenant = named.get(i);
      if (ofTenant.bandTenant() == first.bandTenant()) {
        var next = band.next(ofTenant);
        if (next == null) {
          next = oldestOf(ofTenant);
        }
        if (best == null || band.precedes(next, best)) {
          best = next;
        }
      }
    }
    return best;
  }

  /** Dispatches a request that finds room on arrival, so that it is never queued. */
  private void pass(FlowQueue queue, PendingRequest request) {
    var band = queue.flow().band();
    passOver(queue, band);
    start(queue, request);
    band.dispatchedAtOnce(queue, request.cost());
    started(queue, request, Effects.Kind.DISPATCHED_AT_ONCE);
  }

  private void dispatch(FlowQueue queue, QueuedRequest place, Effects.Kind kind) {
    if (!takeOut(queue, place)) {
      return;
    }
    var flow = queue.flow();
    passOver(queue, flow.band());
    var request = place.pending();
    start(queue, request);
    registry.left(queue, place);
    flow.band().dispatched(queue, request.cost());
    flow.drainRate().dispatched(now);
    drainRate.dispatched(now);
    started(queue, request, kind);
  }

  private void start(FlowQueue queue, PendingRequest request) {
    request.state(State.RUNNING);
    request.sinceNanos(now);
    running.add(request);
    dueBy(now + maxRequestNanos);
    try {
      gate.granted(request);
    } catch (RuntimeException e) {
      fault(config.detector().type(), e);
    }
    queue.flow().charge(request.cost());
  }

  private void started(FlowQueue queue, PendingRequest request, Effects.Kind kind) {
    registry.started(queue);
    try {
      var rank = queue.flow().band().rank();
      bandPolicy.dispatched(rank, request.cost(), registry.activeBands());
    } catch (RuntimeException e) {
      fault(config.bandPolicy().type(), e);
    }
    effects.add(kind, request, null);
  }

  /**
   * Notes which classes of a band have no room while another of its classes is served. O(classes).
   */
  private void passOver(FlowQueue served, Band band) {
    var slots = band.activeSlots();
    for (var i = 0; i < slots.size(); i++) {
      var slot = slots.get(i);
      if (slot != served.slot() && (slot.isSkipped() || !hasRoom(slot, band))) {
        slot.setSkipped(true);
        served.flow().bandTenant().skip(slot);
      }
    }
  }

  /**
   * Unlinks a queued request from its queue, the arrival order and the timers; not from the counts.
   */
  private boolean takeOut(FlowQueue queue, QueuedRequest request) {
    if (!queue.items().remove(request)) {
      evictAll(queue);
      return false;
    }
    arrivals.remove(request);
    deadlines.remove(request);
    return true;
  }

  private boolean hasRoom(ClassSlot slot, Band band) {
    return hasRoom(slot, band, false);
  }

  private boolean hasRoom(ClassSlot slot, Band band, boolean reservedTurn) {
    var saturation = saturation(slot.eligibilityClass());
    return saturation < (reservedTurn ? 1.0 : ceiling(band.rank(), saturation));
  }

  private double saturation(EligibilityClass needs) {
    try {
      return gate.saturation(needs, now);
    } catch (RuntimeException e) {
      fault(config.detector().type(), e);
      return Double.NaN;
    }
  }

  private boolean isReservedTurn() {
    try {
      return bandPolicy.isReservedTurn();
    } catch (RuntimeException e) {
      fault(config.bandPolicy().type(), e);
      return false;
    }
  }

  private boolean dependsOnSaturation() {
    try {
      return usageLimit.dependsOnSaturation();
    } catch (RuntimeException e) {
      fault(config.usageLimit().type(), e);
      return true;
    }
  }

  private double ceiling(int rank, double saturation) {
    var priorities = registry.priorities();
    if (registry.bandsVersion() != ceilingsVersion
        || (dependsOnSaturation() && saturation != ceilingsSaturation)) {
      if (ceilings.length != priorities.length) {
        ceilings = new double[priorities.length];
      }
      Arrays.fill(ceilings, 1.0);
      try {
        usageLimit.ceilings(saturation, priorities, ceilings);
      } catch (RuntimeException e) {
        fault(config.usageLimit().type(), e);
        Arrays.fill(ceilings, 1.0);
      }
      for (var i = 1; i < ceilings.length; i++) {
        ceilings[i] = Math.min(ceilings[i], ceilings[i - 1]);
      }
      ceilingsVersion = registry.bandsVersion();
      ceilingsSaturation = saturation;
    }
    return ceilings[rank];
  }

  private void tellBandPolicy() {
    if (registry.bandsVersion() != toldVersion) {
      toldVersion = registry.bandsVersion();
      try {
        bandPolicy.bandsChanged(registry.bands());
      } catch (RuntimeException e) {
        fault(config.bandPolicy().type(), e);
      }
    }
  }

  private int nextRank(long candidates) {
    try {
      var rank = bandPolicy.next(candidates);
      if (rank >= 0 && rank < 64 && (candidates & (1L << rank)) != 0) {
        return rank;
      }
      throw new IllegalStateException("chose rank " + rank);
    } catch (RuntimeException e) {
      fault(config.bandPolicy().type(), e);
      return Long.numberOfTrailingZeros(candidates);
    }
  }

  /** The last resort where the fairness policy named nobody: whoever waits longest. O(queued). */
  private FlowQueue oldestOf(ClassSlot slot) {
    for (var request = arrivals.first(); request != null; request = request.nextArrival()) {
      if (request.queue().slot() == slot && request.queue().isServable()) {
        return request.queue();
      }
    }
    throw new IllegalStateException("no active queue of " + slot.eligibilityClass());
  }

  /** As {@link #oldestOf(ClassSlot)}, within a tenant. */
  private FlowQueue oldestOf(TenantQueue queue) {
    for (var request = arrivals.first(); request != null; request = request.nextArrival()) {
      if (request.queue().tenantQueue() == queue) {
        return request.queue();
      }
    }
    throw new IllegalStateException("no active queue of tenant " + queue.bandTenant().tenantId());
  }

  // Running

  private void bind(PendingRequest request, String endpointId) {
    if (request.state() != State.RUNNING || request.endpointId().equals(endpointId)) {
      return;
    }
    var previous = request.endpointId();
    request.endpointId(endpointId);
    try {
      gate.bound(request, previous);
    } catch (RuntimeException e) {
      fault(config.detector().type(), e);
    }
  }

  private void progress(PendingRequest request, Usage usage) {
    if (request.state() != State.RUNNING) {
      return;
    }
    request.reported(usage);
    var excess = actual(usage, request) - request.cost();
    if (excess > 0) {
      correct(request, excess);
    }
  }

  private void complete(PendingRequest request, @Nullable Usage usage, boolean reclaimed) {
    if (request.state() != State.RUNNING) {
      return;
    }
    request.state(State.DONE);
    running.remove(request);
    try {
      gate.returned(request);
    } catch (RuntimeException e) {
      fault(config.detector().type(), e);
    }
    var flow = request.queue().flow();
    var used = usage == null ? request.reported() : usage;
    if (used != null) {
      correct(request, actual(used, request) - request.cost());
      if (usage != null && usage.outputTokens() > 0) {
        observe(request.request(), usage.outputTokens());
      }
    } else {
      used = Usage.of(request.request().inputTokens(), request.predictedOutputTokens());
    }
    flow.band().completed(flow, request.cost());
    registry.returned(request.queue(), now);
    effects.add(reclaimed ? Effects.Kind.RECLAIMED : Effects.Kind.RETURNED, request, used);
  }

  private void correct(PendingRequest request, long costDelta) {
    if (costDelta == 0) {
      return;
    }
    var flow = request.queue().flow();
    request.cost(request.cost() + costDelta);
    flow.charge(costDelta);
    flow.band().corrected(flow, costDelta);
    try {
      bandPolicy.corrected(flow.band().rank(), costDelta, registry.activeBands());
    } catch (RuntimeException e) {
      fault(config.bandPolicy().type(), e);
    }
  }

  // Leaving without a permit

  private void cancel(PendingRequest request) {
    var place = request.queued();
    if (place != null && place.isQueued()) {
      evict(place, EvictReason.CANCELLED, "the caller left");
    }
  }

  private void evict(QueuedRequest request, EvictReason reason, String detail) {
    var queue = request.queue();
    var wasHead = queue.head() == request;
    if (!takeOut(queue, request)) {
      return;
    }
    registry.removed(queue, request, wasHead, now);
    evicted(request, reason, detail);
  }

  private void evicted(QueuedRequest place, EvictReason reason, String detail) {
    var request = place.pending();
    request.state(State.DONE);
    var retryAfter =
        switch (reason) {
          case EXPIRED, DISPLACED -> retryAfter(request.queue().flow());
          case NO_ENDPOINTS, CANCELLED, SHUTTING_DOWN, OTHER -> Duration.ZERO;
        };
    var waited = Duration.ofNanos(now - place.enqueuedAtNanos());
    effects.add(
        Effects.Kind.EVICTED, request, new Admission.Evicted(reason, detail, waited, retryAfter));
  }

  /**
   * A queue's plugin failed: what it held is evicted, and it is replaced by a new one. O(queued).
   */
  private void evictAll(FlowQueue failed) {
    for (var entry : arrivals) {
      if (entry.queue() == failed && entry.item() instanceof QueuedRequest request) {
        arrivals.remove(request);
        deadlines.remove(request);
        registry.removed(failed, request, false, now);
        evicted(request, EvictReason.OTHER, "its queue failed");
      }
    }
    failed.renewItems();
  }

  private Duration retryAfter(Flow flow) {
    return flow.drainRate().isKnown()
        ? flow.drainRate().timeToDrain(flow.queuedRequests() + 1L)
        : drainRate.timeToDrain(registry.queuedRequests() + 1L);
  }

  // Time

  private long ttlNanos(FlowControlRequest request, FlowQueue queue) {
    var ttl = request.ttlNanos();
    if (ttl == FlowControlRequest.UNSET) {
      var ofBand = queue.flow().band().config().timeToLive();
      ttl = (ofBand.equals(BandConfig.DEFAULT_TTL) ? config.defaultTtl() : ofBand).toNanos();
    }
    return ttl == 0 || ttl > Long.MAX_VALUE / 2 ? NEVER : ttl;
  }

  /** How long the pool's being empty may delay a request; {@link #NEVER} for ever. */
  private long noEndpointTtlNanos() {
    var ttl = config.noEndpointTtl().toNanos();
    return ttl == 0 || ttl > Long.MAX_VALUE / 2 ? NEVER : ttl;
  }

  /** From when the present regime's budget is charged: a change of regime gives a fresh one. */
  private long chargedFrom(QueuedRequest request) {
    var enqueued = request.enqueuedAtNanos();
    return regimeChanged && regimeSinceNanos - enqueued > 0 ? regimeSinceNanos : enqueued;
  }

  /**
   * Whether the request's time is over now, by its deadline, its budget, or the longest wait of
   * all.
   */
  private boolean isDue(QueuedRequest request) {
    var deadline = request.request().deadlineNanos();
    if (deadline != FlowControlRequest.UNSET && deadline - now <= 0) {
      return true;
    }
    var patience = request.patience();
    var budget = poolEmpty ? noEndpointTtlNanos() : patience.ttlNanos();
    if (budget != NEVER && now - chargedFrom(request) >= budget) {
      return true;
    }
    return patience.longestWaitNanos() != NEVER
        && now - request.enqueuedAtNanos() >= patience.longestWaitNanos();
  }

  private void expire(QueuedRequest request) {
    if (poolEmpty) {
      evict(request, EvictReason.NO_ENDPOINTS, "its time ran out, and the pool has no endpoints");
    } else {
      evict(request, EvictReason.EXPIRED, "its time ran out in the queue");
    }
  }

  /**
   * Lets everything happen that is due: expiry, reclaimed permits, forgotten flows, the drain's
   * end.
   */
  private void elapse() {
    dueUnknown = true;
    elapseUnfinished = false;
    for (var first = deadlines.first(); first != null; first = deadlines.first()) {
      if (deadlines.nanos(first) - now > 0) {
        break;
      }
      if (effects.isHalfFull()) {
        elapseUnfinished = true;
        break;
      }
      if (isDue(first)) {
        expire(first);
      } else {
        deadlines.postpone(first, earliestDue(first));
      }
    }
    var noEndpointTtl = noEndpointTtlNanos();
    if (poolEmpty && noEndpointTtl != NEVER) {
      // All have the same budget, so they come due in the order of their arrival.
      for (var first = arrivals.first(); first != null; first = arrivals.first()) {
        if (now - chargedFrom(first) < noEndpointTtl) {
          break;
        }
        if (effects.isHalfFull()) {
          elapseUnfinished = true;
          break;
        }
        expire(first);
      }
    }
    for (var first = running.first();
        first != null && now - first.dispatchedAtNanos() >= maxRequestNanos;
        first = running.first()) {
      if (effects.isHalfFull()) {
        elapseUnfinished = true;
        break;
      }
      complete(first, null, true);
    }
    registry.collect(now, Effects.LIMIT, collected);
    tellBandPolicy(); // what comes next may name bands by rank
  }

  /**
   * The earliest time at which a request that is not due now can become so. While the pool is empty
   * its own budget is not charged, but may be from now on.
   */
  private long earliestDue(QueuedRequest request) {
    var patience = request.patience();
    var from = poolEmpty ? now : chargedFrom(request);
    var due = patience.ttlNanos() == NEVER ? NEVER : from + patience.ttlNanos();
    var deadline = request.request().deadlineNanos();
    if (deadline != FlowControlRequest.UNSET && (due == NEVER || deadline - due < 0)) {
      due = deadline;
    }
    if (patience.longestWaitNanos() != NEVER) {
      var bound = request.enqueuedAtNanos() + patience.longestWaitNanos();
      if (due == NEVER || bound - due < 0) {
        due = bound;
      }
    }
    return due;
  }

  private long nextTimerNanos() {
    var next = NEVER;
    var first = deadlines.first();
    if (first != null) {
      next = deadlines.nanos(first);
    }
    var oldest = arrivals.first();
    if (poolEmpty && oldest != null && noEndpointTtlNanos() != NEVER) {
      next = earlier(next, chargedFrom(oldest) + noEndpointTtlNanos());
    }
    var runsLongest = running.first();
    if (runsLongest != null) {
      next = earlier(next, runsLongest.dispatchedAtNanos() + maxRequestNanos);
    }
    if (phase == Phase.DRAINING) {
      next = earlier(next, drainUntilNanos);
    }
    return next;
  }

  private static long earlier(long a, long b) {
    if (a == NEVER || b == NEVER) {
      return a == NEVER ? b : a;
    }
    return a - b < 0 ? a : b;
  }

  // Change from outside

  private void poolChanged(PoolSnapshot snapshot) {
    dueUnknown = true;
    pool = snapshot;
    var nowEmpty = snapshot.hasNoEndpoints();
    if (nowEmpty != poolEmpty) {
      poolEmpty = nowEmpty;
      regimeChanged = true;
      regimeSinceNanos = now;
    }
    tellGate(snapshot);
    effects.add(Effects.Kind.POOL_CHANGED, null, poolSaturation());
  }

  private void tellGate(PoolSnapshot snapshot) {
    try {
      gate.poolChanged(snapshot, now);
    } catch (RuntimeException e) {
      fault(config.detector().type(), e);
    }
  }

  private void reconfigure(FlowControlConfig newConfig) {
    dueUnknown = true;
    var old = config;
    config = newConfig;
    maxRequestNanos = newConfig.maxRequestDuration().toNanos();
    registry.reconfigure(newConfig, arrivals, now);
    if (!newConfig.bandPolicy().equals(old.bandPolicy())) {
      bandPolicy = newConfig.bandPolicy().create();
      toldVersion = 0;
    }
    if (!newConfig.usageLimit().equals(old.usageLimit())) {
      usageLimit = newConfig.usageLimit().create();
      ceilingsVersion = 0;
    }
    if (!newConfig.queueAdmission().equals(old.queueAdmission())) {
      queueAdmission = newConfig.queueAdmission().create();
    }
    if (!newConfig.requestDisplacement().equals(old.requestDisplacement())) {
      requestDisplacement = newConfig.requestDisplacement().create();
    }
    if (!newConfig.costModel().equals(old.costModel())) {
      costModel = newConfig.costModel().create();
    }
    if (!newConfig.outputPredictor().equals(old.outputPredictor())) {
      outputPredictor = newConfig.outputPredictor().create();
    }
    if (!newConfig.detector().equals(old.detector())) {
      replaceGate(newConfig);
    }
    effects.add(Effects.Kind.RECONFIGURED, null, null);
  }

  private void replaceGate(FlowControlConfig newConfig) {
    gate = newConfig.detector().create().newGate();
    registry.classes().stream()
        .sorted(Comparator.comparingInt(EligibilityClass::index))
        .forEach(this::classAdded);
    tellGate(pool);
    for (var request = running.first(); request != null; request = request.nextRunning()) {
      request.gateState(null);
      try {
        gate.granted(request);
        if (!request.endpointId().isEmpty()) {
          gate.bound(request, "");
        }
      } catch (RuntimeException e) {
        fault(newConfig.detector().type(), e);
      }
    }
  }

  private void shutdown(long drainNanos) {
    dueUnknown = true;
    var until = now + drainNanos;
    if (phase == Phase.OPEN || until - drainUntilNanos < 0) {
      phase = phase == Phase.OPEN ? Phase.DRAINING : phase;
      drainUntilNanos = until;
    }
  }

  private void closeWhenDrained() {
    closeUnfinished = false;
    if (phase == Phase.DRAINING && now - drainUntilNanos >= 0) {
      phase = Phase.CLOSED;
    }
    if (phase == Phase.CLOSED) {
      for (var first = arrivals.first(); first != null; first = arrivals.first()) {
        if (effects.isFull()) {
          closeUnfinished = true;
          return;
        }
        evict(first, EvictReason.SHUTTING_DOWN, "flow control shut down before its turn");
      }
    }
    if (!drainReported
        && arrivals.first() == null
        && (phase == Phase.CLOSED || running.size() == 0)) {
      drainReported = true;
      effects.drained();
    }
  }

  // Plugins, each at its border

  private void classAdded(EligibilityClass added) {
    try {
      gate.classAdded(added);
    } catch (RuntimeException e) {
      fault(config.detector().type(), e);
    }
  }

  private void classRetired(EligibilityClass retired) {
    try {
      gate.classRetired(retired);
    } catch (RuntimeException e) {
      fault(config.detector().type(), e);
    }
  }

  private boolean admits(Flow flow, Band band, PendingRequest request) {
    try {
      return queueAdmission.admits(
          flow, flow.bandTenant(), band, request.cost(), request.request().sizeBytes());
    } catch (RuntimeException e) {
      fault(config.queueAdmission().type(), e);
      return true;
    }
  }

  private long predict(FlowControlRequest request) {
    try {
      return Math.max(0, outputPredictor.predict(request));
    } catch (RuntimeException e) {
      fault(config.outputPredictor().type(), e);
      return 0;
    }
  }

  private void observe(FlowControlRequest request, long outputTokens) {
    try {
      outputPredictor.observe(request, outputTokens);
    } catch (RuntimeException e) {
      fault(config.outputPredictor().type(), e);
    }
  }

  private long estimate(FlowControlRequest request, long predicted) {
    try {
      return Math.max(1, costModel.estimate(request, predicted));
    } catch (RuntimeException e) {
      fault(config.costModel().type(), e);
      return 1;
    }
  }

  private long actual(Usage usage, PendingRequest request) {
    try {
      return Math.max(0, costModel.actual(usage));
    } catch (RuntimeException e) {
      fault(config.costModel().type(), e);
      return request.cost();
    }
  }

  private void fault(String plugin, Throwable cause) {
    effects.add(Effects.Kind.FAULT, plugin, cause);
  }

  private static boolean exceeds(long value, long limit) {
    return limit > 0 && value > limit;
  }

  // Looking in

  private double poolSaturation() {
    for (var known : registry.classes()) {
      if (known.needs().equals(Eligibility.ANY)) {
        return saturation(known);
      }
    }
    return Double.NaN;
  }

  /** Everything as it is now. O(flows). */
  RegistryView view(long nowNanos, Effects out) {
    effects = out;
    effects.begin(now, nextEvent);
    var saturation = poolSaturation();
    var bands = new ArrayList<RegistryView.Band>();
    for (var rank = 0; rank < registry.bandCount(); rank++) {
      var band = registry.band(rank);
      var flows =
          registry.flows().stream()
              .filter(flow -> flow.band() == band)
              .sorted(Comparator.comparing(Flow::key))
              .map(flow -> view(flow, nowNanos))
              .toList();
      bands.add(
          new RegistryView.Band(
              band.priority(),
              band.queuedRequests(),
              band.queuedBytes(),
              band.maxRequests(),
              band.maxBytes(),
              ceiling(rank, saturation),
              band.config().fairness().type(),
              band.config().ordering().type(),
              flows));
    }
    nextEvent = effects.nextSequence();
    effects.end(isUnfinished(), earlier(dueNanos, registry.collectionNanos()));
    return new RegistryView(
        nowNanos,
        saturation,
        registry.queuedRequests(),
        registry.queuedBytes(),
        running.size(),
        config.maxRequests(),
        config.maxBytes(),
        !poolEmpty,
        bands);
  }

  private static RegistryView.Flow view(Flow flow, long nowNanos) {
    var longest = 0L;
    for (var queue : flow.queues()) {
      if (queue.size() > 0 && queue.head() instanceof QueuedRequest head) {
        longest = Math.max(longest, nowNanos - head.enqueuedAtNanos());
      }
    }
    return new RegistryView.Flow(
        flow.key(),
        flow.tenantId(),
        flow.bandTenant().weight() * flow.weight(),
        flow.queuedRequests(),
        flow.queuedBytes(),
        flow.runningRequests(),
        longest,
        flow.dispatchedTotal(),
        flow.dispatchedCost());
  }

  /** Throws {@link AssertionError} where an invariant does not hold. O(everything). */
  void checkInvariants() {
    registry.checkInvariants();
    deadlines.checkInvariants();
    var queued = 0;
    var timers = 0;
    for (var entry : arrivals) {
      var request = (QueuedRequest) entry.item();
      queued++;
      timers += request.timerIndex() == QueuedRequest.NOT_TIMED ? 0 : 1;
      if (!request.isQueued()) {
        throw new AssertionError("wrong: " + request.request() + " in the arrival order");
      }
      var queue = request.queue();
      if (!drainUnfinished && queue.isServable() && hasRoom(queue.slot(), queue.flow().band())) {
        throw new AssertionError("wrong: " + request.request() + " could be dispatched");
      }
    }
    if (queued != registry.queuedRequests() || timers != deadlines.size()) {
      throw new AssertionError(
          "wrong: " + queued + " in the arrival order, " + timers + " with timers");
    }
    if (earlier(nextTimerNanos(), dueNanos) != dueNanos) {
      throw new AssertionError("wrong: due " + nextTimerNanos() + ", expected " + dueNanos);
    }
    var counted = 0;
    for (var request = running.first(); request != null; request = request.nextRunning()) {
      counted++;
      if (request.state() != State.RUNNING) {
        throw new AssertionError("wrong: " + request.state() + " in the running list");
      }
    }
    if (counted != running.size()) {
      throw new AssertionError("wrong: " + counted + " in the running list, not " + running.size());
    }
  }
}
