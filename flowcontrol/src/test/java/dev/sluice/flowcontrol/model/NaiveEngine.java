package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.model.Knobs.Displacement;
import dev.sluice.flowcontrol.model.Knobs.Fairness;
import dev.sluice.flowcontrol.model.Knobs.Ordering;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the engine should do, as plainly as it can be said: two lists of requests, everything else
 * recomputed from them at each step by full scans. It shares no code with the engine and was
 * written from its specification; only the cost model, the output predictor and the policy between
 * bands are the engine's own plugins, used as black boxes.
 *
 * <p>A {@link Command} goes in, the {@link Decision}s that it causes come out, in order.
 */
final class NaiveEngine {

  /** A request that was not rejected. */
  static final class Job {
    final Command.Offer offer;
    final FlowControlRequest request;
    final FlowKey flow;
    final String tenant;
    final long offeredAt;
    final long sequence;
    final long predictedOutput;
    final long estimate;
    final int ttl;
    final long latest;
    long bound = NEVER;
    long orderingKey;
    long charged;
    long dispatchedAt;
    String endpoint = "";
    @Nullable Usage reported;

    Job(
        Command.Offer offer,
        FlowControlRequest request,
        long offeredAt,
        long sequence,
        long predictedOutput,
        long estimate,
        int ttl,
        long latest) {
      this.offer = offer;
      this.request = request;
      this.flow = new FlowKey(offer.flow(), offer.priority());
      this.tenant = offer.tenant().isEmpty() ? offer.flow() : offer.tenant();
      this.offeredAt = offeredAt;
      this.sequence = sequence;
      this.predictedOutput = predictedOutput;
      this.estimate = estimate;
      this.ttl = ttl;
      this.latest = latest;
    }

    int number() {
      return offer.number();
    }

    long size() {
      return offer.sizeBytes();
    }

    int priority() {
      return offer.priority();
    }

    Lane lane() {
      return new Lane(flow, offer.model());
    }

    /** Its tenant, in its band. */
    FlowKey inBand() {
      return new FlowKey(tenant, priority());
    }

    Lane tenantLane() {
      return new Lane(inBand(), offer.model());
    }
  }

  /** The requests of one flow that need the same. */
  record Lane(FlowKey flow, String model) {}

  /** A competitor's requests that need the same: a tenant's in a band, a flow's in its tenant. */
  private record Seat(String name, String model) {}

  /** What a fairness policy remembers of those between which it decides. */
  private static final class Share {
    final Fairness policy;
    final Map<String, Double> served = new HashMap<>();
    final Map<Seat, Long> turns = new HashMap<>();
    final Map<String, Long> turnOf = new HashMap<>();
    final Set<Seat> active = new LinkedHashSet<>();
    final Set<String> missed = new TreeSet<>();
    double virtualTime;
    double largest;
    long turn;

    Share(Fairness policy) {
      this.policy = policy;
    }

    /** Takes seats in, in their order, and out. */
    void seats(List<Seat> occupied) {
      active.removeIf(seat -> !occupied.contains(seat));
      missed.removeIf(model -> active.stream().noneMatch(seat -> seat.model().equals(model)));
      for (var seat : occupied) {
        if (active.contains(seat)) {
          continue;
        }
        turns.put(seat, ++turn);
        if (active.stream().noneMatch(other -> other.name().equals(seat.name()))) {
          turnOf.put(seat.name(), turn);
        }
        lift(seat.name());
        active.add(seat);
      }
      endBusyPeriod();
    }

    void lift(String name) {
      served.merge(name, virtualTime, Math::max);
    }

    void lift(Set<String> models) {
      active.stream()
          .filter(seat -> models.contains(seat.model()))
          .forEach(seat -> lift(seat.name()));
    }

    /** Whether it is ahead of its share. */
    boolean owes(String name) {
      return policy == Fairness.VIRTUAL_TOKEN
          && served.getOrDefault(name, virtualTime) > virtualTime;
    }

    void forget(String name) {
      served.remove(name);
      turnOf.remove(name);
      turns.keySet().removeIf(seat -> seat.name().equals(name));
    }

    void serve(Seat seat, double charge) {
      var before = served.getOrDefault(seat.name(), 0.0);
      virtualTime = Math.max(virtualTime, before);
      charge(seat.name(), charge);
      turnOf.put(seat.name(), ++turn);
      // The turn is over with all its seats, and the served one goes behind the others.
      active.stream()
          .filter(other -> other.name().equals(seat.name()) && !other.equals(seat))
          .sorted(Comparator.comparingLong(turns::get))
          .toList()
          .forEach(other -> turns.put(other, ++turn));
      turns.put(seat, ++turn);
    }

    /** A policy that is new since a request's dispatch meets its flow at the present V. */
    void charge(String name, double charge) {
      var after = served.getOrDefault(name, virtualTime) + charge;
      served.put(name, after);
      largest = Math.max(largest, after);
      endBusyPeriod();
    }

    private void endBusyPeriod() {
      if (active.isEmpty()) {
        virtualTime = largest;
      }
    }
  }

  /** A flow that made an offer, and is not forgotten yet. */
  private static final class Known {
    final FlowKey tenant;
    final Set<String> models = new TreeSet<>();
    long restsSince;
    long lookedAt;

    Known(FlowKey tenant) {
      this.tenant = tenant;
    }
  }

  static final long NEVER = Long.MAX_VALUE;

  private static final int MOST_BANDS = 64;
  private static final long LONG_WAIT = 30_000_000_000L;

  private final Function<Knobs, CostModel> costModels;
  private final Function<Knobs, OutputPredictor> predictors;
  private final Function<Knobs, BandPolicy> bandPolicies;
  private final List<Job> waiting = new ArrayList<>();
  private final List<Job> running = new ArrayList<>();
  private final Set<Integer> bands = new TreeSet<>(Comparator.reverseOrder());
  private final Map<Integer, Share> shares = new HashMap<>();
  private final Map<FlowKey, Share> sharesOfTenants = new HashMap<>();
  private final Map<Lane, Integer> picks = new HashMap<>();

  /** Whose turn it is to give way: tenants of a band, and flows of a tenant in a band. */
  private final Map<Object, List<FlowKey>> turnsToGiveWay = new HashMap<>();

  private final Map<FlowKey, Known> knownFlows = new LinkedHashMap<>();

  /** In the order in which it is looked at whether they may be forgotten. */
  private final List<FlowKey> resting = new ArrayList<>();

  private final Set<FlowKey> knownTenants = new LinkedHashSet<>();
  private final List<Lane> tenantLanes = new ArrayList<>();
  private final Map<Integer, Long> bandsEmptySince = new HashMap<>();
  private final List<Decision> decisions = new ArrayList<>();
  private Knobs knobs;
  private CostModel costs;
  private OutputPredictor predictor;
  private BandPolicy bandPolicy;
  private List<FakeBand> toldBands = List.of();
  private List<Command.Endpoint> pool = List.of();
  private long now;
  private long poolSince = Long.MIN_VALUE;
  private long sequence;
  private boolean closing;
  private long closesAt = NEVER;

  /** Time is in nanoseconds, as the engine's. */
  NaiveEngine(
      Knobs knobs,
      long now,
      Function<Knobs, CostModel> costModels,
      Function<Knobs, OutputPredictor> predictors,
      Function<Knobs, BandPolicy> bandPolicies) {
    this.knobs = knobs;
    this.now = now;
    this.costModels = costModels;
    this.costs = costModels.apply(knobs);
    this.predictors = predictors;
    this.predictor = predictors.apply(knobs);
    this.bandPolicies = bandPolicies;
    this.bandPolicy = bandPolicies.apply(knobs);
    knobs.bands().keySet().forEach(this::addBand);
  }

  /**
   * Carries out a command. {@code request} is the offered one, made at the present time, else
   * unused.
   */
  List<Decision> apply(Command command, @Nullable FlowControlRequest request) {
    decisions.clear();
    if (command instanceof Command.Lag lag) {
      now += lag.ticks() * Ticks.NANOS;
      return List.of();
    }
    elapse();
    switch (command) {
      case Command.Offer o -> offer(o, request);
      case Command.Cancel c -> {
        var job = find(waiting, c.number());
        if (job != null) {
          evict(job, "CANCELLED");
        }
      }
      case Command.Advance a -> advance(a.ticks() * Ticks.NANOS);
      case Command.Lag _ -> throw new IllegalStateException("a lag decides nothing");
      case Command.Complete c -> {
        var job = find(running, c.number());
        if (job != null) {
          var usage = Usage.of(c.inputTokens(), c.outputTokens());
          giveBack(job, usage, "");
          if (usage.outputTokens() > 0) {
            predictor.observe(job.request, usage.outputTokens());
          }
        }
      }
      case Command.Close c -> {
        var job = find(running, c.number());
        if (job != null) {
          giveBack(job, job.reported, "");
        }
      }
      case Command.Progress p -> progress(p);
      case Command.Bind b -> {
        var job = find(running, b.number());
        if (job != null) {
          job.endpoint = b.endpoint();
        }
      }
      case Command.Pool p -> poolChanged(p.endpoints());
      case Command.Reconfigure r -> reconfigure(r.knobs());
      case Command.Shutdown s -> {
        closing = true;
        closesAt = Math.min(closesAt, now + s.drainTicks() * Ticks.NANOS);
      }
    }
    settle();
    return List.copyOf(decisions);
  }

  // Offers ---------------------------------------------------------------------------------------

  private void offer(Command.Offer o, @Nullable FlowControlRequest request) {
    if (request == null) {
      throw new IllegalArgumentException("an offer needs its request");
    }
    if (closing) {
      reject(o, "SHUTTING_DOWN");
      return;
    }
    var deadline = o.deadline() == Command.Offer.UNSET ? NEVER : now + o.deadline() * Ticks.NANOS;
    if (deadline <= now) {
      reject(o, "EXPIRED");
      return;
    }
    if (!bands.contains(o.priority()) && bands.size() >= MOST_BANDS) {
      forgetUnusedBands();
    }
    if (!bands.contains(o.priority()) && bands.size() >= MOST_BANDS) {
      reject(o, "OTHER");
      return;
    }
    addBand(o.priority());
    var ttl = o.ttl();
    if (ttl == Command.Offer.UNSET) {
      ttl = knobs.band(o.priority()).ttl();
    }
    if (ttl == Knobs.DEFAULT_TTL) {
      ttl = knobs.defaultTtl();
    }
    var predicted = predictor.predict(request);
    var job =
        new Job(
            o,
            request,
            now,
            ++sequence,
            predicted,
            costs.estimate(request, predicted),
            ttl,
            deadline);
    if (ttl > 0 && knobs.noEndpointTtl() > 0) {
      job.bound = now + Math.max(ttl, knobs.noEndpointTtl()) * Ticks.NANOS;
    }
    job.orderingKey = orderingKey(job);
    know(job);
    tellBands();
    if (hasRoom(job.priority(), o.model()) && mayRun(job.tenant)) {
      dispatchWhatMayGo(); // what time alone has made room for
    }
    if (hasRoom(job.priority(), o.model()) && mayRun(job.tenant)) {
      waiting.add(job);
      activity();
      dispatch(job, "at once");
      return;
    }
    var refusal = refusal(job);
    if (refusal != null) {
      reject(o, refusal);
      return;
    }
    waiting.add(job);
    activity();
    backlogs();
    decide(Decision.Kind.QUEUED, o.number(), "");
  }

  /** Why a request can't be queued, or null if it can; makes room for it where that is allowed. */
  private @Nullable String refusal(Job job) {
    var tenant = knobs.tenant(job.tenant);
    var ofTenant = waiting.stream().filter(w -> w.tenant.equals(job.tenant)).toList();
    if (over(tenant.maxQueued(), ofTenant.size() + 1)
        || over(tenant.maxBytes(), bytes(ofTenant) + job.size())) {
      return "FLOW_LIMIT";
    }
    var band = knobs.band(job.priority());
    var ofFlow = waiting.stream().filter(w -> w.flow.equals(job.flow)).toList();
    if (over(band.maxRequestsPerFlow(), ofFlow.size() + 1)
        || over(band.maxBytesPerFlow(), bytes(ofFlow) + job.size())) {
      return "FLOW_LIMIT";
    }
    var ofBand = waiting.stream().filter(w -> w.priority() == job.priority()).toList();
    if (over(band.maxRequests(), ofBand.size() + 1)
        || over(band.maxBytes(), bytes(ofBand) + job.size())) {
      return full();
    }
    if (knobs.admissionMaxBytes() > 0 && job.size() > knobs.admissionMaxBytes()) {
      return full();
    }
    if (fits(waiting, job)) {
      return null;
    }
    var others = waiting.stream().filter(w -> w.priority() >= job.priority()).toList();
    if (!knobs.displacement() || !fits(others, job)) {
      return full();
    }
    while (!fits(waiting, job)) {
      evict(victim(), "DISPLACED");
    }
    return null;
  }

  private boolean fits(List<Job> queued, Job job) {
    return !over(knobs.maxRequests(), queued.size() + 1)
        && !over(knobs.maxBytes(), bytes(queued) + job.size());
  }

  private Job victim() {
    var lowest = waiting.stream().mapToInt(Job::priority).min().orElseThrow();
    var inBand = waiting.stream().filter(w -> w.priority() == lowest).toList();
    var tenant = givesWay(lowest, inBand, Job::inBand);
    var ofTenant = inBand.stream().filter(w -> w.inBand().equals(tenant)).toList();
    var flow = givesWay(tenant, ofTenant, w -> w.flow);
    var ofFlow = ofTenant.stream().filter(w -> w.flow.equals(flow)).toList();
    return switch (knobs.requestDisplacement()) {
      case TAIL -> ofFlow.stream().max(IN_FLOW).orElseThrow();
      case HEAD ->
          ofFlow.stream()
              .filter(w -> head(w.lane()) == w)
              .max(IN_FLOW) // among its queues, the one that would be served last
              .orElseThrow();
    };
  }

  /** Who gives way of those that have jobs, and goes to the end of its turns for it. */
  private FlowKey givesWay(Object among, List<Job> jobs, Function<Job, FlowKey> whose) {
    if (knobs.flowDisplacement() == Displacement.LARGEST_BACKLOG) {
      return mostQueued(among, jobs, whose);
    }
    var turns = turnsToGiveWay.getOrDefault(among, List.of());
    var first = turns.removeFirst();
    turns.addLast(first);
    return first;
  }

  /** Who has something queued takes part; who begins to, takes the last turn. */
  private void backlogs() {
    var tenants = new HashSet<FlowKey>();
    var flows = new HashSet<FlowKey>();
    for (var w : waiting) {
      if (tenants.add(w.inBand())) {
        join(w.priority(), w.inBand());
      }
      if (flows.add(w.flow)) {
        join(w.inBand(), w.flow);
      }
    }
    for (var turns : turnsToGiveWay.entrySet()) {
      var still = turns.getKey() instanceof Integer ? tenants : flows;
      turns.getValue().removeIf(name -> !still.contains(name));
    }
  }

  private void join(Object among, FlowKey name) {
    var turns = turnsToGiveWay.computeIfAbsent(among, key -> new ArrayList<>());
    if (!turns.contains(name)) {
      turns.add(name);
    }
  }

  private FlowKey mostQueued(Object among, List<Job> jobs, Function<Job, FlowKey> whose) {
    var ofTenants = among instanceof Integer;
    FlowKey worst = null;
    var worstBacklog = 0.0;
    for (var name : turnsToGiveWay.getOrDefault(among, List.of())) {
      var backlog = 0.0;
      for (var job : jobs) {
        if (whose.apply(job).equals(name)) {
          var tenant = knobs.tenant(job.tenant);
          backlog +=
              job.estimate / (ofTenants ? tenant.weight() : tenant.flowWeight(job.flow.id()));
        }
      }
      if (worst == null || backlog > worstBacklog) {
        worst = name;
        worstBacklog = backlog;
      }
    }
    return Objects.requireNonNull(worst);
  }

  /** Above the limit, where there is one. */
  private static boolean over(long limit, long value) {
    return limit > 0 && value > limit;
  }

  private String full() {
    return isPoolEmpty(pool) ? "NO_ENDPOINTS" : "CAPACITY";
  }

  private static long bytes(Collection<Job> jobs) {
    return jobs.stream().mapToLong(Job::size).sum();
  }

  // Order ----------------------------------------------------------------------------------------

  private static final Comparator<Job> IN_FLOW =
      Comparator.<Job>comparingLong(j -> j.orderingKey).thenComparingLong(j -> j.sequence);

  private long orderingKey(Job job) {
    if (knobs.band(job.priority()).ordering() != Ordering.EDF_HEAP) {
      return 0;
    }
    return job.ttl > 0 ? Math.min(job.latest, job.offeredAt + job.ttl * Ticks.NANOS) : job.latest;
  }

  private boolean mayRun(String tenant) {
    var limit = knobs.tenant(tenant).maxRunning();
    return limit == 0 || running.stream().filter(r -> r.tenant.equals(tenant)).count() < limit;
  }

  /** Decides between the tenants of a band. */
  private Share share(int priority) {
    return shares.computeIfAbsent(priority, p -> new Share(knobs.band(p).fairness()));
  }

  /** Decides between the flows of a tenant in a band. */
  private Share shareOf(FlowKey tenant) {
    return sharesOfTenants.computeIfAbsent(
        tenant, t -> new Share(knobs.band(t.priority()).fairness()));
  }

  /** Tells the policies which of theirs have requests, and which tenants may run more. */
  private void activity() {
    // Of tenants that may run again at the same moment, the one whose request came first.
    var tenants = waiting.stream().map(w -> w.tenant).distinct().toList();
    activity(
        Comparator.<Lane>comparingInt(lane -> tenants.indexOf(lane.flow().id()))
            .thenComparingInt(tenantLanes::indexOf));
  }

  private void activity(Comparator<Lane> orderOfTenants) {
    picks.keySet().removeIf(lane -> ofLane(lane).isEmpty());
    rest();
    for (var tenant : knownTenants) {
      shareOf(tenant)
          .seats(
              waiting.stream()
                  .filter(w -> w.inBand().equals(tenant))
                  .map(w -> new Seat(w.flow.id(), w.offer.model()))
                  .distinct()
                  .toList());
    }
    for (var band : bands) {
      share(band)
          .seats(
              waiting.stream()
                  .filter(w -> w.priority() == band && mayRun(w.tenant))
                  .map(Job::tenantLane)
                  .distinct()
                  .sorted(orderOfTenants)
                  .map(lane -> new Seat(lane.flow().id(), lane.model()))
                  .toList());
    }
  }

  private List<Job> ofLane(Lane lane) {
    return waiting.stream().filter(w -> w.lane().equals(lane)).toList();
  }

  private Job head(Lane lane) {
    return ofLane(lane).stream().min(IN_FLOW).orElseThrow();
  }

  /** What would be served of a lane: at some turns the oldest, if that has waited long. */
  private Job pick(Lane lane) {
    var promotion = knobs.band(lane.flow().priority()).promoteEvery();
    var head = head(lane);
    if (promotion > 0 && picks.getOrDefault(lane, 0) % promotion == promotion - 1) {
      var oldest =
          ofLane(lane).stream().min(Comparator.comparingLong(j -> j.sequence)).orElseThrow();
      var expiry =
          oldest.ttl > 0
              ? Math.min(oldest.latest, oldest.offeredAt + oldest.ttl * Ticks.NANOS)
              : oldest.latest;
      var longWait = expiry == NEVER ? LONG_WAIT : (expiry - oldest.offeredAt) / 2;
      var after = knobs.band(lane.flow().priority()).promoteAfter();
      var least = after == Knobs.DEFAULT_TTL ? longWait : after * Ticks.NANOS;
      return now - oldest.offeredAt >= least ? oldest : head;
    }
    return head;
  }

  /** The lane of a band that goes next among those with room, or null. */
  private @Nullable Lane next(int priority, boolean reserved) {
    var share = share(priority);
    var named = new ArrayList<Seat>();
    for (var model : new TreeSet<>(share.active.stream().map(Seat::model).toList())) {
      if (hasRoom(priority, model, reserved)) {
        share.active.stream()
            .filter(seat -> seat.model().equals(model))
            .min(order(share, seat -> headOfTenant(new FlowKey(seat.name(), priority), model)))
            .ifPresent(named::add);
      }
    }
    var first =
        named.stream()
            .min(order(share, s -> headOfTenant(new FlowKey(s.name(), priority), s.model())));
    if (first.isEmpty()) {
      return null;
    }
    var tenant = new FlowKey(first.get().name(), priority);
    var ofTenant = shareOf(tenant);
    var models = new TreeSet<String>();
    named.stream().filter(s -> s.name().equals(tenant.id())).forEach(s -> models.add(s.model()));
    var reopened = new TreeSet<>(models);
    reopened.retainAll(ofTenant.missed);
    ofTenant.missed.removeAll(reopened);
    ofTenant.lift(reopened);
    return ofTenant.active.stream()
        .filter(seat -> models.contains(seat.model()))
        .min(order(ofTenant, seat -> headOfFlow(seat, priority)))
        .map(seat -> new Lane(new FlowKey(seat.name(), priority), seat.model()))
        .orElseThrow();
  }

  private Job headOfFlow(Seat seat, int priority) {
    return head(new Lane(new FlowKey(seat.name(), priority), seat.model()));
  }

  /** The request that a tenant's own policy names among those that need a model. */
  private Job headOfTenant(FlowKey tenant, String model) {
    var share = shareOf(tenant);
    return share.active.stream()
        .filter(seat -> seat.model().equals(model))
        .min(order(share, seat -> headOfFlow(seat, tenant.priority())))
        .map(seat -> headOfFlow(seat, tenant.priority()))
        .orElseThrow();
  }

  private static Comparator<Seat> order(Share share, Function<Seat, Job> headOf) {
    return switch (share.policy) {
      case ROUND_ROBIN -> Comparator.comparingLong(s -> share.turns.getOrDefault(s, 0L));
      case BEST_HEAD -> Comparator.comparing(headOf, IN_FLOW);
      case VIRTUAL_TOKEN ->
          Comparator.<Seat>comparingDouble(s -> share.served.getOrDefault(s.name(), 0.0))
              .thenComparingLong(s -> share.turnOf.getOrDefault(s.name(), 0L))
              .thenComparingLong(s -> share.turns.getOrDefault(s, 0L));
    };
  }

  // Room -----------------------------------------------------------------------------------------

  private boolean hasRoom(int priority, String model) {
    return hasRoom(priority, model, false);
  }

  /** A reserved turn knows no ceiling but a full pool. */
  private boolean hasRoom(int priority, String model, boolean reserved) {
    return saturation(model) < (reserved ? 1.0 : ceiling(priority));
  }

  /** NaN, which is below nothing, where it is unknown. */
  double saturation(String model) {
    var serving = pool.stream().filter(e -> e.serves(model)).toList();
    if (serving.isEmpty()) {
      return 1.0;
    }
    var capacity = (double) serving.size() * knobs.maxConcurrency();
    return switch (knobs.detector()) {
      case CONCURRENCY -> running.stream().filter(r -> occupies(r, model)).count() / capacity;
      case SCRIPTED ->
          serving.stream().allMatch(Command.Endpoint::known)
              ? running.stream().filter(r -> r.offer.model().equals(model)).count() / capacity
              : Double.NaN;
    };
  }

  /** On an endpoint that serves the model; while on none yet, on any that could be such a one. */
  private boolean occupies(Job job, String model) {
    return pool.stream()
        .filter(e -> e.serves(model))
        .anyMatch(e ->
            job.endpoint.isEmpty() ? e.serves(job.offer.model()) : e.id().equals(job.endpoint));
  }

  private double ceiling(int priority) {
    var lowest = Double.POSITIVE_INFINITY;
    for (var band : bands) {
      if (band >= priority) {
        lowest = Math.min(lowest, knobs.rawCeiling(band));
      }
    }
    return lowest;
  }

  private static boolean isPoolEmpty(List<Command.Endpoint> endpoints) {
    return endpoints.stream().noneMatch(Command.Endpoint::healthy);
  }

  private void poolChanged(List<Command.Endpoint> endpoints) {
    if (isPoolEmpty(endpoints) != isPoolEmpty(pool)) {
      poolSince = now;
    }
    pool = endpoints;
  }

  // Dispatch and return --------------------------------------------------------------------------

  private void dispatchWhatMayGo() {
    while (dispatchOne()) {
      // until nothing can go
    }
  }

  private boolean dispatchOne() {
    tellBands();
    var ranks = List.copyOf(bands);
    for (var candidates = backlogged(); candidates != 0; ) {
      var rank = bandPolicy.next(candidates);
      var reserved = bandPolicy.isReservedTurn();
      var band = ranks.get(rank);
      reopen(band, reserved);
      var lane = next(band, reserved);
      if (lane != null) {
        var job = pick(lane);
        picks.merge(lane, 1, Integer::sum);
        dispatch(job, "queued");
        return true;
      }
      candidates &= ~(1L << rank);
    }
    return false;
  }

  /** Bit r is set if a request of the band of rank r could go if it had room. */
  private long backlogged() {
    var mask = 0L;
    var rank = 0;
    for (var band : bands) {
      mask |= share(band).active.isEmpty() ? 0 : 1L << rank;
      rank++;
    }
    return mask;
  }

  private int rank(int priority) {
    return List.copyOf(bands).indexOf(priority);
  }

  private void tellBands() {
    var views = new ArrayList<FakeBand>();
    for (var priority : bands) {
      var band = knobs.band(priority);
      views.add(FakeBand.ofPriority(priority, band.weight(), band.reserved()));
    }
    if (!views.equals(toldBands)) {
      toldBands = views;
      bandPolicy.bandsChanged(views);
    }
  }

  private void dispatch(Job job, String how) {
    var share = share(job.priority());
    var ofTenant = shareOf(job.inBand());
    for (var level : List.of(share, ofTenant)) {
      for (var seat : level.active) {
        if (!seat.model().equals(job.offer.model()) && !hasRoom(job.priority(), seat.model())) {
          level.missed.add(seat.model());
        }
      }
    }
    waiting.remove(job);
    running.add(job);
    job.charged = job.estimate;
    job.dispatchedAt = now;
    share.serve(new Seat(job.tenant, job.offer.model()), charge(job, job.charged));
    ofTenant.serve(new Seat(job.flow.id(), job.offer.model()), chargeOfFlow(job, job.charged));
    activity();
    backlogs();
    bandPolicy.dispatched(rank(job.priority()), job.charged, backlogged());
    decide(Decision.Kind.DISPATCHED, job.number(), how);
  }

  /** What a cost adds to its tenant's share of the band. */
  private double charge(Job job, long cost) {
    return cost / knobs.tenant(job.tenant).weight();
  }

  /** What a cost adds to its flow's share of the tenant. */
  private double chargeOfFlow(Job job, long cost) {
    return cost / knobs.tenant(job.tenant).flowWeight(job.flow.id());
  }

  /** Classes that had no room when others of their band were served get no credit for it. */
  private void reopen(int priority, boolean reserved) {
    var share = share(priority);
    var reopened = new TreeSet<>(share.missed);
    reopened.removeIf(model -> !hasRoom(priority, model, reserved));
    share.missed.removeAll(reopened);
    share.lift(reopened);
  }

  private void giveBack(Job job, @Nullable Usage usage, String how) {
    if (usage != null) {
      correct(job, costs.actual(usage) - job.charged);
    }
    running.remove(job);
    activity();
    decide(Decision.Kind.RETURNED, job.number(), how);
  }

  private void progress(Command.Progress p) {
    var job = find(running, p.number());
    if (job != null) {
      job.reported = Usage.of(p.inputTokens(), p.outputTokens());
      var excess = costs.actual(job.reported) - job.charged;
      if (excess > 0) {
        correct(job, excess);
        job.charged += excess;
      }
    }
  }

  private void correct(Job job, long costDelta) {
    share(job.priority()).charge(job.tenant, charge(job, costDelta));
    shareOf(job.inBand()).charge(job.flow.id(), chargeOfFlow(job, costDelta));
    if (costDelta != 0) {
      bandPolicy.corrected(rank(job.priority()), costDelta, backlogged());
    }
  }

  // Time -----------------------------------------------------------------------------------------

  private void advance(long nanos) {
    var target = now + nanos;
    settle();
    for (var next = nextEvent(); next <= target; next = nextEvent()) {
      now = Math.max(now, next);
      settle();
    }
    now = target;
  }

  private long nextEvent() {
    var next = waiting.isEmpty() ? NEVER : closesAt;
    for (var w : waiting) {
      next = Math.min(next, expiry(w));
    }
    for (var r : running) {
      next = Math.min(next, reclaimedAt(r));
    }
    for (var flow : resting) {
      next = Math.min(next, known(flow).lookedAt + flowIdle());
    }
    for (var band : bands) {
      if (isUnused(band)) {
        next = Math.min(next, emptySince(band) + bandIdle());
      }
    }
    return next;
  }

  /** Everything that is due now, then everything that may go. */
  private void settle() {
    elapse();
    dispatchWhatMayGo();
    if (now >= closesAt) {
      List.copyOf(waiting).forEach(w -> evict(w, "SHUTTING_DOWN"));
    }
  }

  private void elapse() {
    for (var w : List.copyOf(waiting)) {
      if (now >= expiry(w)) {
        evict(w, isPoolEmpty(pool) ? "NO_ENDPOINTS" : "EXPIRED");
      }
    }
    for (var r : List.copyOf(running)) {
      if (now >= reclaimedAt(r)) {
        giveBack(r, r.reported, "reclaimed");
      }
    }
    forget();
  }

  private long expiry(Job job) {
    var budget = isPoolEmpty(pool) ? knobs.noEndpointTtl() : job.ttl;
    var expiry = job.latest;
    if (budget > 0) {
      expiry = Math.min(expiry, Math.max(job.offeredAt, poolSince) + budget * Ticks.NANOS);
    }
    return Math.min(expiry, job.bound);
  }

  private long reclaimedAt(Job job) {
    return job.dispatchedAt + knobs.maxRequestDuration() * Ticks.NANOS;
  }

  // Configuration --------------------------------------------------------------------------------

  private void reconfigure(Knobs changed) {
    var before = knobs;
    // What tenants may use changes last: policies first meet the tenants that could run before.
    knobs = changed.withTenants(before.tenants()).withDefaultTenant(before.defaultTenant());
    if (bands.size() + changed.bands().size() > MOST_BANDS) {
      forgetUnusedBands();
    }
    for (var configured : changed.bands().keySet()) {
      if (bands.size() < MOST_BANDS) {
        addBand(configured);
      }
    }
    for (var w : waiting) {
      w.orderingKey = orderingKey(w);
    }
    shares.entrySet().removeIf(e -> e.getValue().policy != changed.band(e.getKey()).fairness());
    sharesOfTenants
        .entrySet()
        .removeIf(e -> e.getValue().policy != changed.band(e.getKey().priority()).fairness());
    // A new policy learns of the lanes in the order in which their requests came.
    activity((_, _) -> 0);
    if (changed.predictor() != before.predictor()) {
      predictor = predictors.apply(changed);
    }
    if (changed.bandPolicy() != before.bandPolicy()) {
      bandPolicy = bandPolicies.apply(changed);
      toldBands = List.of();
    }
    if (changed.flowDisplacement() != before.flowDisplacement()) {
      turnsToGiveWay.clear();
      backlogs();
    }
    knobs = changed;
    costs = costModels.apply(changed);
    activity();
  }

  // Memory ---------------------------------------------------------------------------------------

  private void addBand(int priority) {
    if (bands.add(priority)) {
      bandsEmptySince.put(priority, now);
    }
  }

  private void know(Job job) {
    var flow = knownFlows.get(job.flow);
    if (flow == null) {
      flow = new Known(job.inBand());
      knownFlows.put(job.flow, flow);
      knownTenants.add(flow.tenant);
      rest(job.flow, flow);
    }
    flow.models.add(job.offer.model());
    if (!tenantLanes.contains(job.tenantLane())) {
      tenantLanes.add(job.tenantLane());
    }
  }

  /** Who has nothing queued or running rests. */
  private void rest() {
    var busy = new HashSet<FlowKey>();
    waiting.forEach(w -> busy.add(w.flow));
    running.forEach(r -> busy.add(r.flow));
    resting.removeAll(busy);
    knownFlows.forEach((key, flow) -> {
      if (!busy.contains(key) && !resting.contains(key)) {
        rest(key, flow);
      }
    });
  }

  private void rest(FlowKey key, Known flow) {
    flow.restsSince = now;
    flow.lookedAt = now;
    resting.add(key);
  }

  /**
   * Who rests is forgotten after the idle timeout of flows; who owes service then, or is the last
   * flow of a tenant that does, is looked at again after as long, until it has rested for the idle
   * timeout of bands. Then go the bands of templates that had no flow for long.
   */
  private void forget() {
    for (var key : List.copyOf(resting)) {
      var flow = known(key);
      if (now - flow.lookedAt < flowIdle()) {
        continue;
      }
      var last =
          knownFlows.values().stream().filter(f -> f.tenant.equals(flow.tenant)).count() == 1;
      var owes =
          shareOf(flow.tenant).owes(key.id())
              || (last && share(key.priority()).owes(flow.tenant.id()));
      resting.remove(key);
      if (owes && now - flow.restsSince < bandIdle()) {
        flow.lookedAt = now;
        resting.add(key);
      } else {
        forget(key, flow);
      }
    }
    forgetUnusedBands(bandIdle());
  }

  private void forget(FlowKey key, Known flow) {
    knownFlows.remove(key);
    shareOf(flow.tenant).forget(key.id());
    var others = knownFlows.values().stream().filter(f -> f.tenant.equals(flow.tenant)).toList();
    tenantLanes.removeIf(lane ->
        lane.flow().equals(flow.tenant)
            && others.stream().noneMatch(other -> other.models.contains(lane.model())));
    if (others.isEmpty()) {
      knownTenants.remove(flow.tenant);
      sharesOfTenants.remove(flow.tenant);
      share(key.priority()).forget(flow.tenant.id());
    }
    if (isWithoutFlows(key.priority())) {
      bandsEmptySince.put(key.priority(), now);
    }
  }

  /** Unused bands make place at once when there are too many. */
  private void forgetUnusedBands() {
    forgetUnusedBands(0);
  }

  private void forgetUnusedBands(long unusedNanos) {
    for (var band : List.copyOf(bands)) {
      if (isUnused(band) && now - emptySince(band) >= unusedNanos) {
        bands.remove(band);
        bandsEmptySince.remove(band);
        shares.remove(band);
      }
    }
    tellBands();
  }

  private boolean isUnused(int band) {
    return !knobs.bands().containsKey(band) && isWithoutFlows(band);
  }

  private boolean isWithoutFlows(int band) {
    return knownFlows.keySet().stream().noneMatch(f -> f.priority() == band);
  }

  private Known known(FlowKey flow) {
    return Objects.requireNonNull(knownFlows.get(flow));
  }

  private long emptySince(int band) {
    return Objects.requireNonNull(bandsEmptySince.get(band));
  }

  private long flowIdle() {
    return knobs.flowIdleTimeout() * Ticks.NANOS;
  }

  private long bandIdle() {
    return knobs.bandIdleTimeout() * Ticks.NANOS;
  }

  // Small things ---------------------------------------------------------------------------------

  private void reject(Command.Offer o, String reason) {
    decide(Decision.Kind.REJECTED, o.number(), reason);
  }

  private void evict(Job job, String reason) {
    waiting.remove(job);
    activity();
    backlogs();
    decide(Decision.Kind.EVICTED, job.number(), reason);
  }

  private void decide(Decision.Kind kind, int number, String reason) {
    decisions.add(new Decision(kind, number, reason));
  }

  private static @Nullable Job find(List<Job> jobs, int number) {
    return jobs.stream().filter(j -> j.number() == number).findFirst().orElse(null);
  }

  /** The longest that one of the requests has waited which would go next in their lanes. */
  long headWaitNanos(FlowKey flow) {
    return waiting.stream()
        .filter(w -> w.flow.equals(flow) && head(w.lane()) == w)
        .mapToLong(w -> now - w.offeredAt)
        .max()
        .orElse(0);
  }

  /** Those that are not forgotten. */
  Set<FlowKey> flows() {
    return knownFlows.keySet();
  }

  /** The priorities of the bands that exist, highest first. */
  List<Integer> bands() {
    return List.copyOf(bands);
  }

  List<Job> waiting() {
    return waiting;
  }

  List<Job> running() {
    return running;
  }

  Knobs knobs() {
    return knobs;
  }

  List<Command.Endpoint> pool() {
    return pool;
  }

  boolean isClosing() {
    return closing;
  }

  long now() {
    return now;
  }
}
