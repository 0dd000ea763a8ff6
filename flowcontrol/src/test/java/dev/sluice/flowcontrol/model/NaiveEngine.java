package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.model.Knobs.Fairness;
import dev.sluice.flowcontrol.model.Knobs.Ordering;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the engine should do, as plainly as it can be said: two lists of requests, everything else
 * recomputed from them at each step by full scans. It shares no code with the engine and was
 * written from its specification; only the cost model and the output predictor are the engine's own
 * plugins, used as black boxes.
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
  }

  /** The requests of one flow that need the same. */
  record Lane(FlowKey flow, String model) {}

  /** What a fairness policy remembers of its band. */
  private static final class Share {
    final Fairness policy;
    final Map<FlowKey, Double> served = new HashMap<>();
    final Map<Lane, Long> turns = new HashMap<>();
    final Map<FlowKey, Long> flowTurns = new HashMap<>();
    final Set<Lane> active = new LinkedHashSet<>();
    final Set<String> missed = new TreeSet<>();
    double virtualTime;
    long turn;

    Share(Fairness policy) {
      this.policy = policy;
    }
  }

  static final long NEVER = Long.MAX_VALUE;

  private static final int MOST_BANDS = 64;

  private final Function<Knobs, CostModel> costModels;
  private final OutputPredictor predictor;
  private final List<Job> waiting = new ArrayList<>();
  private final List<Job> running = new ArrayList<>();
  private final Set<Integer> bands = new TreeSet<>(Comparator.reverseOrder());
  private final Map<Integer, Share> shares = new HashMap<>();
  private final List<FlowKey> flowsSeen = new ArrayList<>();
  private final List<Lane> lanesSeen = new ArrayList<>();
  private final List<Decision> decisions = new ArrayList<>();
  private Knobs knobs;
  private CostModel costs;
  private List<Command.Endpoint> pool = List.of();
  private long now;
  private long poolSince = Long.MIN_VALUE;
  private long sequence;
  private boolean closing;
  private long closesAt = NEVER;

  /** Time is in nanoseconds, as the engine's. */
  NaiveEngine(
      Knobs knobs, long now, Function<Knobs, CostModel> costModels, OutputPredictor predictor) {
    this.knobs = knobs;
    this.now = now;
    this.costModels = costModels;
    this.costs = costModels.apply(knobs);
    this.predictor = predictor;
    bands.addAll(knobs.bands().keySet());
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
    bands.add(o.priority());
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
    if (!flowsSeen.contains(job.flow)) {
      flowsSeen.add(job.flow);
    }
    if (!lanesSeen.contains(job.lane())) {
      lanesSeen.add(job.lane());
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
    var flows = new TreeSet<FlowKey>();
    waiting.stream().filter(w -> w.priority() == lowest).forEach(w -> flows.add(w.flow));
    FlowKey worst = null;
    var worstBacklog = 0.0;
    for (var flow : flows) {
      var cost = 0.0;
      var weight = 1.0;
      for (var w : waiting) {
        if (w.flow.equals(flow)) {
          cost += w.estimate;
          weight = knobs.tenant(w.tenant).weight();
        }
      }
      var backlog = cost / weight;
      if (worst == null || backlog > worstBacklog) {
        worst = flow;
        worstBacklog = backlog;
      }
    }
    var flow = worst;
    return waiting.stream().filter(w -> w.flow.equals(flow)).max(IN_FLOW).orElseThrow();
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

  private Share share(int priority) {
    return shares.computeIfAbsent(priority, p -> new Share(knobs.band(p).fairness()));
  }

  /**
   * Tells the policies which lanes may be served now: those with requests whose tenant may run
   * more.
   */
  private void activity() {
    activity(
        Comparator.<Lane>comparingInt(l -> flowsSeen.indexOf(l.flow()))
            .thenComparingInt(lanesSeen::indexOf));
  }

  private void activity(Comparator<Lane> order) {
    var lanes =
        waiting.stream()
            .filter(w -> mayRun(w.tenant))
            .map(Job::lane)
            .distinct()
            .sorted(order)
            .toList();
    for (var share : shares.values()) {
      share.active.removeIf(lane -> !lanes.contains(lane));
      share.missed.removeIf(m -> share.active.stream().noneMatch(l -> l.model().equals(m)));
    }
    for (var lane : lanes) {
      var share = share(lane.flow().priority());
      if (!share.active.contains(lane)) {
        var flowWasActive = share.active.stream().anyMatch(a -> a.flow().equals(lane.flow()));
        share.active.add(lane);
        activated(share, lane, flowWasActive);
      }
    }
  }

  private static void activated(Share share, Lane lane, boolean flowWasActive) {
    share.turns.put(lane, ++share.turn);
    lift(share, lane.flow());
    if (!flowWasActive) {
      share.flowTurns.put(lane.flow(), share.turn);
    }
  }

  private static void lift(Share share, FlowKey flow) {
    share.served.merge(flow, share.virtualTime, Math::max);
  }

  private List<Job> ofLane(Lane lane) {
    return waiting.stream().filter(w -> w.lane().equals(lane)).toList();
  }

  private Job head(Lane lane) {
    return ofLane(lane).stream().min(IN_FLOW).orElseThrow();
  }

  /** The lane of a band that goes next among those with room, or null. */
  private @Nullable Lane next(int priority) {
    var share = share(priority);
    var candidates = share.active.stream().filter(l -> hasRoom(priority, l.model())).toList();
    Comparator<Lane> order =
        switch (share.policy) {
          case ROUND_ROBIN -> Comparator.comparingLong(l -> share.turns.getOrDefault(l, 0L));
          case BEST_HEAD -> Comparator.comparing(this::head, IN_FLOW);
          case VIRTUAL_TOKEN ->
              Comparator.<Lane>comparingDouble(l -> share.served.getOrDefault(l.flow(), 0.0))
                  .thenComparingLong(l -> share.flowTurns.getOrDefault(l.flow(), 0L))
                  .thenComparingLong(l -> share.turns.getOrDefault(l, 0L));
        };
    return candidates.stream().min(order).orElse(null);
  }

  // Room -----------------------------------------------------------------------------------------

  private boolean hasRoom(int priority, String model) {
    return saturation(model) < ceiling(priority);
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
    for (var band : bands) {
      reopen(band);
      var lane = next(band);
      if (lane != null) {
        dispatch(head(lane), "queued");
        return true;
      }
    }
    return false;
  }

  private void dispatch(Job job, String how) {
    var share = share(job.priority());
    for (var lane : share.active) {
      if (!lane.model().equals(job.offer.model()) && !hasRoom(job.priority(), lane.model())) {
        share.missed.add(lane.model());
      }
    }
    waiting.remove(job);
    running.add(job);
    job.charged = job.estimate;
    job.dispatchedAt = now;
    var served = share.served.getOrDefault(job.flow, 0.0);
    share.virtualTime = Math.max(share.virtualTime, served);
    share.served.put(job.flow, served + job.charged / knobs.tenant(job.tenant).weight());
    share.flowTurns.put(job.flow, ++share.turn);
    lanesInTurn(share, job).forEach(l -> share.turns.put(l, ++share.turn));
    activity();
    decide(Decision.Kind.DISPATCHED, job.number(), how);
  }

  /**
   * A served flow's turn is over with all its lanes, and the served lane goes behind the others.
   */
  private static List<Lane> lanesInTurn(Share share, Job job) {
    var served = job.lane();
    var lanes = new ArrayList<Lane>();
    share.active.stream()
        .filter(l -> l.flow().equals(job.flow) && !l.equals(served))
        .sorted(Comparator.comparingLong(l -> share.turns.getOrDefault(l, 0L)))
        .forEach(lanes::add);
    lanes.add(served);
    return lanes;
  }

  /** Classes that had no room when others of their band were served get no credit for it. */
  private void reopen(int priority) {
    var share = share(priority);
    for (var model : List.copyOf(share.missed)) {
      if (hasRoom(priority, model)) {
        share.missed.remove(model);
        share.active.stream()
            .filter(l -> l.model().equals(model))
            .forEach(l -> lift(share, l.flow()));
      }
    }
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
    var share = share(job.priority());
    // A policy that is new since the request's dispatch meets its flow here, at the present V.
    var served = share.served.getOrDefault(job.flow, share.virtualTime);
    share.served.put(job.flow, served + costDelta / knobs.tenant(job.tenant).weight());
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
    var tenants = knobs.tenants();
    knobs = changed.withTenants(tenants);
    if (bands.size() + changed.bands().size() > MOST_BANDS) {
      forgetUnusedBands();
    }
    for (var configured : changed.bands().keySet()) {
      if (bands.size() < MOST_BANDS) {
        bands.add(configured);
      }
    }
    for (var w : waiting) {
      w.orderingKey = orderingKey(w);
    }
    shares.entrySet().removeIf(e -> e.getValue().policy != changed.band(e.getKey()).fairness());
    // A new policy learns of the lanes in the order in which their requests came.
    activity((_, _) -> 0);
    knobs = changed;
    costs = costModels.apply(changed);
    activity();
  }

  /**
   * Bands that are not configured and had no flow make place for others when there are too many.
   */
  private void forgetUnusedBands() {
    bands.removeIf(band ->
        !knobs.bands().containsKey(band)
            && flowsSeen.stream().noneMatch(f -> f.priority() == band));
  }

  // Small things ---------------------------------------------------------------------------------

  private void reject(Command.Offer o, String reason) {
    decide(Decision.Kind.REJECTED, o.number(), reason);
  }

  private void evict(Job job, String reason) {
    waiting.remove(job);
    activity();
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
