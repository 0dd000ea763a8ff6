package dev.sluice.endpoints;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.sluice.endpoints.discovery.EndpointConfig;
import dev.sluice.endpoints.discovery.ServedModel;
import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.scheduling.Candidate;
import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model servers: what is known of each, which of them a request goes to, and how many requests
 * of ours run on it. It opens no connection itself; whoever checks and scrapes the endpoints
 * reports here.
 *
 * <p>Thread-safe. Listeners are called without the lock, one call at a time and never with an older
 * picture after a newer one; several changes may come as one. Reports about an endpoint that is not
 * in the pool are ignored.
 *
 * <pre>{@code
 * var pool = new EndpointPool(HealthThresholds.DEFAULT, new LeastLoadPicker(), controller::poolChanged);
 * pool.reconfigure(List.of(EndpointConfig.of("a", URI.create("http://127.0.0.1:8000"))));
 * switch (pool.choose(Eligibility.ofModel("m"), Set.of())) {
 *   case EndpointChoice.Chosen(var lease) -> call(lease);
 *   ...
 * }
 * }</pre>
 */
public final class EndpointPool {
  private static final Logger LOG = LoggerFactory.getLogger(EndpointPool.class);

  /** The age from which nobody is said to use an endpoint because a sample once said so. */
  private static final long STALE_NANOS = Duration.ofSeconds(5).toNanos();

  private final ReentrantLock lock = new ReentrantLock();
  private final Consumer<PoolSnapshot> listener;
  private final LongSupplier clock;

  @GuardedBy("lock")
  private final EndpointPicker picker;

  @GuardedBy("lock")
  private HealthThresholds thresholds;

  /** In the configuration's order. */
  @GuardedBy("lock")
  private final Map<String, Member> members = new LinkedHashMap<>();

  /** Scratch space of {@link #choose}. */
  @GuardedBy("lock")
  private final ArrayList<Member> candidates = new ArrayList<>();

  @GuardedBy("lock")
  private boolean changed;

  @GuardedBy("lock")
  private boolean publishing;

  private volatile Consumer<String> onSuspect = id -> {};

  /** An empty pool on the system's clock; {@code listener} hears of it at the first change. */
  public EndpointPool(
      HealthThresholds thresholds, EndpointPicker picker, Consumer<PoolSnapshot> listener) {
    this(thresholds, picker, listener, System::nanoTime);
  }

  /** An empty pool with the clock, in nanoseconds, by which samples are dated. */
  public EndpointPool(
      HealthThresholds thresholds,
      EndpointPicker picker,
      Consumer<PoolSnapshot> listener,
      LongSupplier clock) {
    this.thresholds = thresholds;
    this.picker = picker;
    this.listener = listener;
    this.clock = clock;
  }

  /**
   * Who is told the id of an endpoint that {@link #connectFailed} made suspect, to check it at
   * once.
   */
  public void onSuspect(Consumer<String> checker) {
    onSuspect = checker;
  }

  /**
   * Replaces the endpoints. One that keeps its id and URL keeps its health, metrics, models and
   * running requests; leases of the others stay valid. While an {@code EndpointScraper} runs,
   * reconfigure through it.
   *
   * @throws IllegalArgumentException if an id stands twice; nothing is changed then
   */
  public void reconfigure(List<EndpointConfig> endpoints) {
    var ids = new HashSet<String>();
    for (var endpoint : endpoints) {
      if (!ids.add(endpoint.id())) {
        throw new IllegalArgumentException("endpoint id " + endpoint.id() + " stands twice");
      }
    }
    lock.lock();
    try {
      var before = Map.copyOf(members);
      members.clear();
      for (var endpoint : endpoints) {
        var member = before.get(endpoint.id());
        if (member == null || !member.config.url().equals(endpoint.url())) {
          member = new Member(endpoint, thresholds);
        } else {
          member.configure(endpoint);
        }
        members.put(endpoint.id(), member);
      }
      changed = true;
    } finally {
      lock.unlock();
    }
    publish();
  }

  /** Replaces the thresholds; they hold from each endpoint's next check. */
  public void reconfigure(HealthThresholds next) {
    lock.lock();
    try {
      thresholds = next;
      for (var member : members.values()) {
        member.health.reconfigure(next);
      }
    } finally {
      lock.unlock();
    }
  }

  /** A health check passed. */
  public void healthCheckPassed(String id) {
    change(id, member -> member.health.passed());
  }

  /** A health check failed. */
  public void healthCheckFailed(String id) {
    change(id, member -> member.health.failed());
  }

  /**
   * A connection for a request failed. A healthy endpoint gets no more requests until a check
   * clears it.
   */
  public void connectFailed(String id) {
    if (change(id, member -> member.health.suspected())) {
      onSuspect.accept(id);
    }
  }

  /** Its {@code /v1/models} was read. An empty list says nothing: what was known before stays. */
  public void modelsRead(String id, List<ServedModel> models) {
    change(id, member -> member.learn(models));
  }

  /**
   * Its metrics were read. Listeners hear of it with the next {@link #publish}, which whoever
   * scrapes calls after a batch, so that a hundred endpoints do not make a hundred pictures.
   *
   * @param sampledAtNanos when, by the engine's clock
   */
  public void metricsRead(String id, EndpointMetrics metrics, long sampledAtNanos) {
    lock.lock();
    try {
      var member = members.get(id);
      if (member != null) {
        member.sample(metrics, sampledAtNanos);
        changed = true;
      }
    } finally {
      lock.unlock();
    }
  }

  /** Tells the listener what has changed, if anything has. */
  public void publish() {
    while (true) {
      PoolSnapshot snapshot;
      lock.lock();
      try {
        if (publishing || !changed) {
          return;
        }
        changed = false;
        publishing = true;
        snapshot = takeSnapshot();
      } finally {
        lock.unlock();
      }
      try {
        listener.accept(snapshot);
      } finally {
        lock.lock();
        try {
          publishing = false;
        } finally {
          lock.unlock();
        }
      }
    }
  }

  /** The present picture. O(endpoints). */
  public PoolSnapshot snapshot() {
    lock.lock();
    try {
      return takeSnapshot();
    } finally {
      lock.unlock();
    }
  }

  /** The endpoints as configured. */
  public List<EndpointConfig> endpoints() {
    lock.lock();
    try {
      return members.values().stream().map(member -> member.config).toList();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Chooses an endpoint for a request and takes a place there, in one step. O(endpoints).
   *
   * @param tried ids of endpoints where the request has failed already
   */
  public EndpointChoice choose(Eligibility needs, Set<String> tried) {
    lock.lock();
    try {
      var served = false;
      var healthy = false;
      candidates.clear();
      var nowNanos = clock.getAsLong();
      for (var member : members.values()) {
        served |= member.servesModel(needs.model());
        if (member.health.isHealthy() && member.offers(needs) && !tried.contains(member.id())) {
          healthy = true;
          if (member.hasRoom()) {
            member.believe(nowNanos);
            candidates.add(member);
          }
        }
      }
      if (!candidates.isEmpty()) {
        return pick(needs);
      }
      if (!served && !members.isEmpty()) {
        return new EndpointChoice.UnknownModel(needs.model());
      }
      return healthy ? new EndpointChoice.NoRoom() : new EndpointChoice.NoEndpoints();
    } finally {
      lock.unlock();
    }
  }

  /** A picker's fault costs the request that it was asked for, and nobody else. */
  @GuardedBy("lock")
  private EndpointChoice pick(Eligibility needs) {
    assert lock.isHeldByCurrentThread();
    int index;
    try {
      index = picker.pick(needs, candidates);
    } catch (RuntimeException e) {
      LOG.warn("Picker {} failed", picker.getClass().getName(), e);
      return new EndpointChoice.PickerFailed(picker.getClass().getName() + " threw " + e);
    }
    if (index < 0 || index >= candidates.size()) {
      var detail = picker.getClass().getName() + " chose " + index + " of " + candidates.size();
      LOG.warn("Picker {}", detail);
      return new EndpointChoice.PickerFailed(detail);
    }
    return new EndpointChoice.Chosen(candidates.get(index).lease());
  }

  /**
   * Takes a place on an endpoint that was chosen elsewhere, room or not; null if it is not in the
   * pool.
   */
  public @Nullable EndpointLease acquire(String id) {
    lock.lock();
    try {
      var member = members.get(id);
      return member == null ? null : member.lease();
    } finally {
      lock.unlock();
    }
  }

  /** Requests of ours that run on an endpoint; 0 if it is not in the pool. */
  public int ownRequests(String id) {
    lock.lock();
    try {
      var member = members.get(id);
      return member == null ? 0 : member.ownRequests;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether any endpoint, healthy or not, serves the model, as far as is known: true too while some
   * endpoint's models are unknown, and for a pool without endpoints. False means a 404.
   */
  public boolean serves(String model) {
    lock.lock();
    try {
      for (var member : members.values()) {
        if (member.servesModel(model)) {
          return true;
        }
      }
      return members.isEmpty();
    } finally {
      lock.unlock();
    }
  }

  /** The models of all endpoints, healthy or not, each name once, sorted by name. */
  public List<ServedModel> models() {
    lock.lock();
    try {
      var byId = new TreeMap<String, ServedModel>();
      for (var member : members.values()) {
        for (var model : member.served) {
          byId.putIfAbsent(model.id(), model);
        }
      }
      return List.copyOf(byId.values());
    } finally {
      lock.unlock();
    }
  }

  /** What is thought of an endpoint's health; null if it is not in the pool. */
  public Health.@Nullable State health(String id) {
    lock.lock();
    try {
      var member = members.get(id);
      return member == null ? null : member.health.state();
    } finally {
      lock.unlock();
    }
  }

  private interface Change {
    boolean apply(Member member);
  }

  private boolean change(String id, Change change) {
    var applied = false;
    lock.lock();
    try {
      var member = members.get(id);
      applied = member != null && change.apply(member);
      changed |= applied;
    } finally {
      lock.unlock();
    }
    if (applied) {
      publish();
    }
    return applied;
  }

  @GuardedBy("lock")
  private PoolSnapshot takeSnapshot() {
    assert lock.isHeldByCurrentThread();
    var states = new ArrayList<EndpointState>(members.size());
    for (var member : members.values()) {
      states.add(member.state());
    }
    return new PoolSnapshot(states);
  }

  /**
   * One endpoint. Everything but the configuration that a lease shows is guarded by the pool's
   * lock.
   */
  private final class Member implements Candidate {
    private EndpointConfig config;
    private final Health health;
    private List<ServedModel> learned = List.of();
    private List<ServedModel> served = List.of();
    private Set<String> models = Set.of();
    private Set<String> adapters = Set.of();
    private @Nullable EndpointMetrics metrics;
    private long sampledAtNanos = EndpointState.NEVER_SAMPLED;
    private int ownRequests;
    private int foreignRequests;
    private int believedForeign;

    Member(EndpointConfig config, HealthThresholds thresholds) {
      this.config = config;
      health = new Health(thresholds);
      configure(config);
    }

    void configure(EndpointConfig next) {
      config = next;
      served = next.models().isEmpty() ? learned : described(next.models());
      if (!next.adapters().isEmpty() && !served.isEmpty()) {
        served = withConfiguredAdapters();
      }
      var names = new HashSet<String>();
      var loras = new HashSet<>(next.adapters());
      for (var model : served) {
        names.add(model.id());
        if (next.adapters().isEmpty() && model.isAdapter()) {
          loras.add(model.id());
        }
      }
      models = Set.copyOf(names);
      adapters = Set.copyOf(loras);
    }

    /** The served models, with the configured adapters and no others: requests name them alike. */
    private List<ServedModel> withConfiguredAdapters() {
      var byId = new TreeMap<String, ServedModel>();
      for (var model : served) {
        if (!model.isAdapter() || config.models().contains(model.id())) {
          byId.put(model.id(), model);
        }
      }
      for (var adapter : described(config.adapters())) {
        byId.put(adapter.id(), adapter);
      }
      return List.copyOf(byId.values());
    }

    /** Configured models, with what the endpoint says of those that it names too. */
    private List<ServedModel> described(Set<String> names) {
      var models = new ArrayList<ServedModel>();
      for (var name : names) {
        var model = ServedModel.of(name);
        for (var said : learned) {
          if (said.id().equals(name)) {
            model = said;
          }
        }
        models.add(model);
      }
      return models;
    }

    boolean learn(List<ServedModel> next) {
      if (next.isEmpty() || next.equals(learned)) {
        return false;
      }
      learned = List.copyOf(next);
      configure(config);
      return true;
    }

    /**
     * What of the sample is not ours; between dispatch and sample it can be off by those on their
     * way.
     */
    void sample(EndpointMetrics next, long atNanos) {
      metrics = next;
      sampledAtNanos = atNanos;
      foreignRequests = Math.max(0, next.requests() - ownRequests);
    }

    /** Believes the sample's requests of others, if it is not too old. */
    void believe(long nowNanos) {
      believedForeign = nowNanos - sampledAtNanos < STALE_NANOS ? foreignRequests : 0;
    }

    boolean servesModel(String model) {
      return model.isEmpty() || models.isEmpty() || models.contains(model);
    }

    boolean offers(Eligibility needs) {
      return servesModel(needs.model())
          && (needs.adapter().isEmpty() || adapters.isEmpty() || adapters.contains(needs.adapter()))
          && (needs.endpoints().isEmpty() || needs.endpoints().contains(id()));
    }

    boolean hasRoom() {
      return config.maxRequests() == 0 || ownRequests < config.maxRequests();
    }

    EndpointLease lease() {
      ownRequests++;
      return new Lease(this, config);
    }

    EndpointState state() {
      var sample = metrics;
      return new EndpointState(
          config.id(),
          models,
          adapters,
          health.isHealthy(),
          sample == null ? 0 : sample.waitingRequests(),
          sample == null ? 0 : sample.runningRequests(),
          sample == null ? 0 : sample.kvUtilization(),
          sample == null ? 0 : sample.kvCapacityTokens(),
          sample == null ? 0 : sample.preemptions(),
          config.capacityWeight(),
          sampledAtNanos);
    }

    @Override
    public String id() {
      return config.id();
    }

    @Override
    public int ownRequests() {
      return ownRequests;
    }

    @Override
    public int foreignRequests() {
      return believedForeign;
    }

    @Override
    public int waitingRequests() {
      return metrics == null ? 0 : metrics.waitingRequests();
    }

    @Override
    public double kvUtilization() {
      return metrics == null ? 0 : metrics.kvUtilization();
    }

    @Override
    public double capacityWeight() {
      return config.capacityWeight();
    }
  }

  private final class Lease implements EndpointLease {
    private final Member member;
    private final EndpointConfig endpoint;
    private boolean closed;

    Lease(Member member, EndpointConfig endpoint) {
      this.member = member;
      this.endpoint = endpoint;
    }

    @Override
    public EndpointConfig endpoint() {
      return endpoint;
    }

    @Override
    public void close() {
      lock.lock();
      try {
        if (!closed) {
          closed = true;
          member.ownRequests--;
        }
      } finally {
        lock.unlock();
      }
    }
  }
}
