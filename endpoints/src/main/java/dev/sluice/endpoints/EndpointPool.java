package dev.sluice.endpoints;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
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
 * The model servers: what is known of each, the choice of one for a request, and the leases that
 * requests hold. The pool opens no connection. An {@code EndpointScraper}, or another caller,
 * checks and scrapes the endpoints and reports the results here.
 *
 * <p>A lease counts a request on an endpoint from the choice until the request has left the
 * endpoint. Pickers balance this count, and {@code maxRequests} limits it, so a choice checks and
 * counts in one critical section. The saturation detector keeps a second count under the engine's
 * lock: the permits that are bound to each endpoint. It cannot replace this one, because a permit
 * is bound after the choice: two choices at once would see the same free place. The counts differ
 *
 * <ul>
 *   <li>between {@link #choose} and {@code Permit.bind}, and between {@link EndpointLease#close}
 *       and the permit's return: a few instructions on one thread;
 *   <li>after a failed attempt, until the request is bound to the next endpoint or ends;
 *   <li>while a request runs whose permit the engine has reclaimed;
 *   <li>if an endpoint leaves the pool and comes back while requests run on it, until they end: it
 *       starts here with no leases.
 * </ul>
 *
 * <p>This class is long because it is the one place that takes the pool's lock. Each report,
 * question and choice is a short method here. {@link Member} applies them to one endpoint.
 *
 * <p>Thread-safe. The listener is called without the lock, by one thread at a time, and never gets
 * an older snapshot after a newer one. Several changes may arrive as one snapshot. Reports about an
 * endpoint that is not in the pool are ignored.
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

  private final ReentrantLock lock = new ReentrantLock();
  private final Consumer<PoolSnapshot> listener;
  private final LongSupplier clock;

  @GuardedBy("lock")
  private final EndpointPicker picker;

  @GuardedBy("lock")
  private HealthThresholds thresholds;

  /** By id, in the configuration's order. */
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

  /** An empty pool on the system's clock. {@code listener} is first called at the first change. */
  public EndpointPool(
      HealthThresholds thresholds, EndpointPicker picker, Consumer<PoolSnapshot> listener) {
    this(thresholds, picker, listener, System::nanoTime);
  }

  /** An empty pool on {@code clock}: nanoseconds, by which samples are dated. */
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
   * Sets the checker of suspects. When {@link #connectFailed} makes an endpoint suspect, {@code
   * checker} is called with the endpoint's id, and should check it at once.
   */
  public void onSuspect(Consumer<String> checker) {
    onSuspect = checker;
  }

  // The configuration

  /**
   * Replaces the endpoints. An endpoint that keeps its id and URL keeps its health, metrics, models
   * and leases. The leases of all other endpoints stay valid. While an {@code EndpointScraper}
   * runs, reconfigure through the scraper.
   *
   * @throws IllegalArgumentException if an id is listed twice; nothing is changed then
   */
  public void reconfigure(List<EndpointConfig> endpoints) {
    var ids = new HashSet<String>();
    for (var endpoint : endpoints) {
      if (!ids.add(endpoint.id())) {
        throw new IllegalArgumentException("endpoint id " + endpoint.id() + " is listed twice");
      }
    }
    lock.lock();
    try {
      var before = Map.copyOf(members);
      members.clear();
      for (var endpoint : endpoints) {
        var member = before.get(endpoint.id());
        if (member == null || !member.config().url().equals(endpoint.url())) {
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

  /** Replaces the thresholds. They hold from each endpoint's next check. */
  public void reconfigure(HealthThresholds next) {
    lock.lock();
    try {
      thresholds = next;
      for (var member : members.values()) {
        member.configure(next);
      }
    } finally {
      lock.unlock();
    }
  }

  // Reports

  /** Reports that an endpoint passed a health check. */
  public void healthCheckPassed(String id) {
    report(id, Member::healthCheckPassed);
  }

  /** Reports that an endpoint failed a health check. */
  public void healthCheckFailed(String id) {
    report(id, Member::healthCheckFailed);
  }

  /**
   * Reports that a connection for a request failed. If the endpoint is healthy, it becomes suspect
   * and gets no more requests until a health check passes.
   */
  public void connectFailed(String id) {
    if (report(id, Member::connectFailed)) {
      onSuspect.accept(id);
    }
  }

  /** Reports an endpoint's model list. An empty list is ignored: the list before it stays. */
  public void modelsRead(String id, List<ServedModel> models) {
    report(id, member -> member.modelsRead(models));
  }

  /**
   * Reports an endpoint's metrics. The listener gets them with the next {@link #publish}. The
   * caller publishes once after a batch, so that a hundred endpoints do not make a hundred
   * snapshots.
   *
   * @param sampledAtNanos when they were read, by the engine's clock
   */
  public void metricsRead(String id, EndpointMetrics metrics, long sampledAtNanos) {
    change(id, member -> member.metricsRead(metrics, sampledAtNanos));
  }

  private interface Change {
    /** Returns whether there is something to publish. */
    boolean apply(Member member);
  }

  private boolean report(String id, Change change) {
    var applied = change(id, change);
    if (applied) {
      publish();
    }
    return applied;
  }

  private boolean change(String id, Change change) {
    lock.lock();
    try {
      var member = members.get(id);
      var applied = member != null && change.apply(member);
      changed |= applied;
      return applied;
    } finally {
      lock.unlock();
    }
  }

  // The snapshot

  /** Gives the listener a snapshot if anything changed since the last one. */
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

  /** The present state of all endpoints. O(endpoints). */
  public PoolSnapshot snapshot() {
    lock.lock();
    try {
      return takeSnapshot();
    } finally {
      lock.unlock();
    }
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

  // The choice

  /**
   * Chooses an endpoint for a request and counts the request there, in one step. O(endpoints).
   *
   * @param tried ids of the endpoints at which this request has failed already
   */
  public EndpointChoice choose(Eligibility needs, Set<String> tried) {
    lock.lock();
    try {
      var isModelServed = false;
      var isAnyHealthy = false;
      candidates.clear();
      var nowNanos = clock.getAsLong();
      for (var member : members.values()) {
        var state = member.state();
        isModelServed |= state.servesModel(needs.model());
        if (state.serves(needs) && !tried.contains(state.id())) {
          isAnyHealthy = true;
          if (member.hasRoom()) {
            member.lookedAt(nowNanos);
            candidates.add(member);
          }
        }
      }
      if (!candidates.isEmpty()) {
        return pick(needs);
      }
      if (!isModelServed && !members.isEmpty()) {
        return new EndpointChoice.UnknownModel(needs.model());
      }
      return isAnyHealthy ? new EndpointChoice.NoRoom() : new EndpointChoice.NoEndpoints();
    } finally {
      lock.unlock();
    }
  }

  /** Asks the picker. A picker's fault fails the one request that the picker was asked for. */
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
    var chosen = candidates.get(index);
    chosen.leased();
    return new EndpointChoice.Chosen(new Lease(chosen, chosen.config()));
  }

  private final class Lease implements EndpointLease {
    private final Member member;
    private final EndpointConfig endpoint;

    @GuardedBy("lock")
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
          member.released();
        }
      } finally {
        lock.unlock();
      }
    }
  }

  // Questions

  /** The endpoints as configured. */
  public List<EndpointConfig> endpoints() {
    lock.lock();
    try {
      return members.values().stream().map(Member::config).toList();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Whether any endpoint, healthy or not, serves the model. False means a 404. While some
   * endpoint's models are unknown, and for a pool without endpoints, the answer is true.
   */
  public boolean serves(String model) {
    lock.lock();
    try {
      for (var member : members.values()) {
        if (member.state().servesModel(model)) {
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
        for (var model : member.models()) {
          byId.putIfAbsent(model.id(), model);
        }
      }
      return List.copyOf(byId.values());
    } finally {
      lock.unlock();
    }
  }

  /** The health of an endpoint; null if the endpoint is not in the pool. */
  public Health.@Nullable State health(String id) {
    lock.lock();
    try {
      var member = members.get(id);
      return member == null ? null : member.health();
    } finally {
      lock.unlock();
    }
  }

  /** Leases on an endpoint that are not closed; 0 if it is not in the pool. For tests. */
  int leases(String id) {
    lock.lock();
    try {
      var member = members.get(id);
      return member == null ? 0 : member.ownRequests();
    } finally {
      lock.unlock();
    }
  }
}
