package dev.sluice.simulation.run;

import dev.sluice.endpoints.scheduling.Candidate;
import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.Sequence;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.pool.SimulatedServer;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.function.DoubleConsumer;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * A workload, the engine that serves production, and a simulated pool, in virtual time. Everything
 * happens on the caller's thread; the same inputs give the same result, bit for bit.
 *
 * <p>Requests go the way that the gateway sends them: offered to the {@link FlowController}, bound
 * to the endpoint that the picker chooses, completed with what they used. The engine learns of the
 * pool by scrapes that may be late, or fail. Used once; not thread-safe.
 */
public final class Simulation {
  private static final double NANOS_PER_SECOND = 1e9;

  /** The age from which the picker no longer believes a sample, as the gateway's. */
  private static final long STALE_NANOS = Duration.ofSeconds(5).toNanos();

  private final FlowControlConfig config;
  private final PoolModel pool;
  private final Workload workload;
  private final SimulationOptions options;
  private final VirtualTime time = new VirtualTime();
  private final DecisionLog log = new DecisionLog();
  private final Timeline timeline = new Timeline();
  private final FlowController controller;
  private final List<Endpoint> endpoints = new ArrayList<>();
  private final EndpointPicker picker = new LeastLoadPicker();
  private final List<Endpoint> candidates = new ArrayList<>();
  private final Tally all = new Tally();
  private final TreeMap<String, Tally> tenants = new TreeMap<>();
  private final TreeMap<Integer, Tally> bands = new TreeMap<>();
  private final Map<Integer, Integer> queuedByBand = new HashMap<>();
  private final Map<Needs, Eligibility> needs = new HashMap<>();
  private final List<Watch> watches = new ArrayList<>();
  private final long end;
  private final long countFrom;
  private @Nullable DoubleConsumer progress;
  private final Histogram serverWait = new Histogram(2);
  private long arrivals;
  private long ended;
  private int queued;
  private long accountedUntil;
  private double busyTime;
  private double idleTime;
  private boolean over;

  /** A simulation that has not begun. */
  public Simulation(
      FlowControlConfig config, PoolModel pool, Workload workload, SimulationOptions options) {
    this.config = config;
    this.pool = pool;
    this.workload = workload;
    this.options = options;
    end = options.duration().toNanos();
    countFrom = options.warmUp().toNanos();
    controller = FlowController.builder(config).timeSource(time).observer(log).build();
    for (var i = 0; i < pool.servers().size(); i++) {
      var model = pool.servers().get(i);
      var server =
          new SimulatedServer(
              "e" + (i + 1), model, (action, at) -> time.at(at, action), this::account);
      endpoints.add(new Endpoint(server));
    }
  }

  /** Adds one who watches each request. */
  public Simulation watchedBy(Watch watch) {
    watches.add(watch);
    return this;
  }

  /** Tells how far it is, from 0 to 1, a hundred times. */
  public Simulation reportingTo(DoubleConsumer newProgress) {
    progress = newProgress;
    return this;
  }

  /** Runs it. */
  public SimulationResult run() {
    for (var i = 0; i < endpoints.size(); i++) {
      endpoints.get(i).server.begin(new SplittableRandom(options.seed() * 1_000_003 + i));
    }
    push(snapshot(false));
    if (!pool.scrapePeriod().isZero()) {
      scrapeAt(0);
    }
    scheduleNextArrival();
    time.at(countFrom, () -> endpoints.forEach(e -> e.server.forgetMostWaiting()));
    var bucket = end / options.buckets();
    for (var i = 1; i <= options.buckets(); i++) {
      var at = i == options.buckets() ? end : bucket * i;
      time.at(at, () -> timeline.next(queuedByBand, log.saturation()));
    }
    for (var percent = 1; percent <= 100; percent++) {
      time.runUntil(end / 100 * percent);
      if (progress != null) {
        progress.accept(percent / 100.0);
      }
    }
    time.runUntil(end);
    account();
    var busy = busyTime;
    var idle = idleTime;
    time.runUntil(end + options.drain().toNanos());
    var open = arrivals - ended;
    over = true;
    controller.close();
    return result(busy, idle, open, bucket / NANOS_PER_SECOND);
  }

  private SimulationResult result(double busy, double idle, long open, double bucketSeconds) {
    var counted = (double) (end - countFrom);
    var slotTime = counted * pool.slots();
    var tenantResults = new TreeMap<String, GroupResult>();
    tenants.forEach((id, tally) -> tenantResults.put(id, tally.result(all.cost())));
    var bandResults = new TreeMap<Integer, GroupResult>();
    bands.forEach((priority, tally) -> bandResults.put(priority, tally.result(all.cost())));
    var mostWaiting = 0;
    var preemptions = 0L;
    for (var endpoint : endpoints) {
      mostWaiting = Math.max(mostWaiting, endpoint.server.mostWaiting());
      preemptions += endpoint.server.preemptions();
    }
    return new SimulationResult(
        counted / NANOS_PER_SECOND,
        all.result(all.cost()),
        tenantResults,
        bandResults,
        jain(),
        busy / slotTime,
        idle / slotTime,
        mostWaiting,
        Tally.millis(serverWait, 99),
        preemptions,
        log.inversions(),
        log.reservedTurns(),
        log.lateDispatches(),
        open,
        log.hash(),
        timeline.series(bucketSeconds));
  }

  /** {@code (sum x)^2 / (n * sum x^2)} over what each tenant got per weight. */
  private double jain() {
    var sum = 0.0;
    var squares = 0.0;
    for (var tenant : tenants.entrySet()) {
      var service = tenant.getValue().cost() / config.tenant(tenant.getKey()).weight();
      sum += service;
      squares += service * service;
    }
    return squares == 0 ? 1.0 : sum * sum / (tenants.size() * squares);
  }

  // What arrives

  private void scheduleNextArrival() {
    var next = workload.next();
    if (next != null && next.atNanos() < end) {
      time.at(
          next.atNanos(),
          () -> {
            arrive(next);
            scheduleNextArrival();
          });
    }
  }

  private void arrive(Arrival arrival) {
    var now = time.nanoTime();
    account();
    arrivals++;
    queued(arrival, 1);
    var call = new Call(arrival, now);
    each(arrival, now, tally -> tally.offered(arrival));
    for (var watch : watches) {
      watch.arrived(arrival, now);
    }
    controller.enqueue(request(arrival, now), call::decided);
  }

  private FlowControlRequest request(Arrival arrival, long now) {
    var request =
        FlowControlRequest.builder("r" + arrivals, new FlowKey(arrival.flow(), arrival.priority()))
            .tenant(arrival.tenant())
            .sizeBytes(arrival.sizeBytes())
            .arrivedAtNanos(now)
            .inputTokens(arrival.inputTokens())
            .cachedInputTokens(arrival.cachedInputTokens())
            .eligibility(
                needs.computeIfAbsent(
                    new Needs(arrival.model(), arrival.adapter()), Needs::eligibility));
    if (arrival.maxOutputTokens() >= 0) {
      request.maxOutputTokens(arrival.maxOutputTokens());
    }
    if (arrival.sloNanos() >= 0) {
      request.sloTarget(Duration.ofNanos(arrival.sloNanos()));
    }
    if (arrival.ttlNanos() >= 0) {
      request.timeToLive(Duration.ofNanos(arrival.ttlNanos()));
    }
    return request.build();
  }

  private record Needs(String model, String adapter) {
    Eligibility eligibility() {
      return new Eligibility(model, adapter, Set.of());
    }
  }

  private void end(Arrival arrival, long now) {
    ended++;
    for (var answer : workload.completed(arrival, now)) {
      if (answer.atNanos() < end) {
        time.at(answer.atNanos(), () -> arrive(answer));
      }
    }
  }

  private void queued(Arrival arrival, int count) {
    queued += count;
    queuedByBand.merge(arrival.priority(), count, Integer::sum);
  }

  // What becomes of it

  private interface Counting {
    void count(Tally tally);
  }

  private void each(Arrival arrival, long offeredAt, Counting counting) {
    if (offeredAt >= countFrom) {
      counting.count(all);
      counting.count(tenants.computeIfAbsent(arrival.tenant(), id -> new Tally()));
      counting.count(bands.computeIfAbsent(arrival.priority(), priority -> new Tally()));
    }
  }

  /** One request on its way. */
  private final class Call implements Sequence.Owner {
    private final Arrival arrival;
    private final long offeredAt;
    private @Nullable Permit permit;
    private @Nullable Endpoint endpoint;
    private @Nullable Sequence sequence;
    private long dispatchedAt;
    private long firstTokenAt;
    private boolean gone;

    Call(Arrival arrival, long offeredAt) {
      this.arrival = arrival;
      this.offeredAt = offeredAt;
    }

    void decided(Admission admission) {
      if (over) {
        return; // what is evicted because the simulation ends has no end in it
      }
      var now = time.nanoTime();
      account();
      queued(arrival, -1);
      switch (admission) {
        case Admission.Dispatched go -> dispatched(go.permit(), now);
        case Admission.Rejected no -> refused(now, no.reason().toString());
        case Admission.Evicted no -> refused(now, no.reason().toString());
      }
    }

    private void refused(long now, String reason) {
      each(arrival, offeredAt, tally -> tally.refused(reason));
      for (var watch : watches) {
        watch.refused(arrival, now, reason);
      }
      end(arrival, now);
    }

    private void dispatched(Permit itsPermit, long now) {
      permit = itsPermit;
      dispatchedAt = now;
      var waited = now - offeredAt;
      each(arrival, offeredAt, tally -> tally.dispatched(arrival, waited));
      timeline.dispatched(arrival, waited);
      for (var watch : watches) {
        watch.dispatched(arrival, now, waited);
      }
      send(now);
    }

    /** Goes to the endpoint of the picker's choice; to another one where nobody answers. */
    private void send(long now) {
      candidates.clear();
      for (var candidate : endpoints) {
        if (candidate.knownHealthy && candidate.serves(arrival)) {
          candidates.add(candidate);
        }
      }
      while (!candidates.isEmpty()) {
        var chosen =
            candidates.remove(
                picker.pick(
                    needs.getOrDefault(
                        new Needs(arrival.model(), arrival.adapter()), Eligibility.ANY),
                    candidates));
        if (!chosen.server.isDown()) {
          endpoint = chosen;
          chosen.own++;
          permit().bind(chosen.id());
          var submitted =
              new Sequence(
                  this,
                  arrival.inputTokens(),
                  arrival.cachedInputTokens(),
                  arrival.outputTokens(),
                  arrival.prefixBlocks());
          sequence = submitted;
          chosen.server.submit(submitted, now);
          return;
        }
      }
      failed(now);
    }

    private Usage usage(long outputTokens) {
      return new Usage(arrival.inputTokens(), cachedTokens(), outputTokens);
    }

    /** As the server found it; as expected, while it has not looked. */
    private long cachedTokens() {
      return sequence == null ? arrival.cachedInputTokens() : sequence.cachedTokens();
    }

    private Permit permit() {
      if (permit == null) {
        throw new IllegalStateException("not dispatched: " + arrival);
      }
      return permit;
    }

    @Override
    public void started(long now) {
      firstTokenAt = now;
      if (endpoint != null) {
        var uncached = arrival.inputTokens() - cachedTokens();
        var prefill = uncached / endpoint.server.model().prefillTokensPerSecond();
        var inServersQueue = now - dispatchedAt - (long) (prefill * NANOS_PER_SECOND);
        serverWait.recordValue(Math.max(0, (long) (inServersQueue / Tally.MICROS)));
      }
      each(arrival, offeredAt, tally -> tally.firstToken(arrival, now - offeredAt));
      var step = options.progressTokens();
      if (step > 0 && arrival.outputTokens() > step && endpoint != null) {
        reportAfter(step, endpoint.server.model());
      }
    }

    /** Reports at the pace of an idle server; exact where the batch does not slow it down. */
    private void reportAfter(long tokens, ServerModel model) {
      time.at(
          firstTokenAt + tokens * model.perToken().toNanos(),
          () -> {
            if (!gone) {
              permit().progress(usage(tokens));
              if (tokens + options.progressTokens() < arrival.outputTokens()) {
                reportAfter(tokens + options.progressTokens(), model);
              }
            }
          });
    }

    @Override
    public void finished(long now) {
      each(arrival, offeredAt, tally -> tally.completed(arrival));
      leave(now, false);
      permit().complete(usage(arrival.outputTokens()));
      end(arrival, now);
    }

    @Override
    public void failed(long now) {
      leave(now, true);
      permit().complete(usage(0));
      end(arrival, now);
    }

    private void leave(long now, boolean failed) {
      gone = true;
      if (endpoint != null) {
        endpoint.own--;
      }
      for (var watch : watches) {
        watch.ended(arrival, now, failed);
      }
    }
  }

  // The pool

  private final class Endpoint implements Candidate {
    final SimulatedServer server;
    boolean knownHealthy = true;
    Set<String> knownModels;
    int own;
    int sampledForeign;
    int sampledWaiting;
    int sampledRunning;
    double sampledKv;
    long sampledPreemptions;
    long sampledAt = EndpointState.NEVER_SAMPLED;

    Endpoint(SimulatedServer server) {
      this.server = server;
      this.knownModels = server.model().modelsAt(0);
    }

    boolean serves(Arrival arrival) {
      var model = server.model();
      return (arrival.model().isEmpty()
              || knownModels.isEmpty()
              || knownModels.contains(arrival.model()))
          && (arrival.adapter().isEmpty()
              || model.adapters().isEmpty()
              || model.adapters().contains(arrival.adapter()));
    }

    @Override
    public String id() {
      return server.id();
    }

    @Override
    public int ownRequests() {
      return own;
    }

    @Override
    public int foreignRequests() {
      var isStale = time.nanoTime() - sampledAt >= STALE_NANOS;
      return sampledAt == EndpointState.NEVER_SAMPLED || isStale ? 0 : sampledForeign;
    }

    @Override
    public int waitingRequests() {
      return sampledWaiting;
    }

    @Override
    public double kvUtilization() {
      return sampledKv;
    }

    @Override
    public double capacityWeight() {
      return server.model().capacityWeight();
    }

    void sample(long now) {
      sampledWaiting = server.waiting();
      sampledRunning = server.running();
      sampledForeign = Math.max(0, sampledWaiting + sampledRunning - own);
      sampledKv = server.kvUtilization(now);
      sampledPreemptions = server.preemptions();
      sampledAt = now;
    }

    EndpointState state() {
      var model = server.model();
      return new EndpointState(
          id(),
          knownModels,
          model.adapters(),
          knownHealthy,
          sampledWaiting,
          sampledRunning,
          sampledKv,
          sampledAt == EndpointState.NEVER_SAMPLED ? 0 : model.kvTokens(),
          sampledPreemptions,
          model.capacityWeight(),
          sampledAt);
    }
  }

  private void scrapeAt(long at) {
    time.at(
        at,
        () -> {
          var works = pool.scrapeOutages().stream().noneMatch(outage -> outage.contains(at));
          var snapshot = snapshot(works);
          if (pool.scrapeDelay().isZero()) {
            push(snapshot);
          } else {
            time.at(at + pool.scrapeDelay().toNanos(), () -> push(snapshot));
          }
          scrapeAt(at + pool.scrapePeriod().toNanos());
        });
  }

  private PoolSnapshot snapshot(boolean sampled) {
    var states = new ArrayList<EndpointState>(endpoints.size());
    for (var endpoint : endpoints) {
      endpoint.knownHealthy = !endpoint.server.isDown();
      endpoint.knownModels = endpoint.server.model().modelsAt(time.nanoTime());
      if (sampled && endpoint.knownHealthy) {
        endpoint.sample(time.nanoTime());
      }
      states.add(endpoint.state());
    }
    return new PoolSnapshot(states);
  }

  private void push(PoolSnapshot snapshot) {
    controller.poolChanged(snapshot);
  }

  /** Adds up the slots' time until now, before anything changes. */
  private void account() {
    var now = time.nanoTime();
    var from = Math.max(accountedUntil, countFrom);
    if (now > from) {
      var busy = 0;
      for (var endpoint : endpoints) {
        busy += endpoint.server.running();
      }
      busyTime += (double) (now - from) * busy;
      if (queued > 0) {
        idleTime += (double) (now - from) * (pool.slots() - busy);
      }
    }
    accountedUntil = now;
  }
}
