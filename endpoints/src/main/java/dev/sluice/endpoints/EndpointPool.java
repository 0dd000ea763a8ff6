package dev.sluice.endpoints;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.sluice.endpoints.health.EjectionOptions;
import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.endpoints.scheduling.SchedulingRequest;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
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
 * question and choice is a short method here. {@link Member} has the state of one endpoint, and
 * {@link Members} answers questions about all endpoints together.
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
  private final LongAdder dispatchesWithoutRoom = new LongAdder();

  @GuardedBy("lock")
  private final Members members;

  @GuardedBy("lock")
  private boolean changed;

  @GuardedBy("lock")
  private boolean publishing;

  private volatile Consumer<String> onSuspect = id -> {};
  private volatile Predicate<Runnable> modelsReader = whenRead -> false;

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
    this(thresholds, picker, listener, clock, () -> ThreadLocalRandom.current().nextDouble());
  }

  /** The same with {@code random}: numbers from 0 to 1, by which back-offs are varied. */
  public EndpointPool(
      HealthThresholds thresholds,
      EndpointPicker picker,
      Consumer<PoolSnapshot> listener,
      LongSupplier clock,
      DoubleSupplier random) {
    members = new Members(thresholds, picker, random);
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
    lock.lock();
    try {
      members.configure(endpoints);
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
      members.configure(next);
    } finally {
      lock.unlock();
    }
  }

  /** Replaces the rules by which endpoints are taken out when requests fail there. */
  public void reconfigure(EjectionOptions next) {
    lock.lock();
    try {
      members.configure(next);
    } finally {
      lock.unlock();
    }
  }

  // Reports

  /** Reports that an endpoint passed a health check. */
  public void healthCheckPassed(String id) {
    report(id, (member, all) -> member.healthCheckPassed());
  }

  /** Reports that an endpoint failed a health check. */
  public void healthCheckFailed(String id) {
    var now = clock.getAsLong();
    report(id, (member, all) -> member.healthCheckFailed(now) && all.unhealthy(id, now));
  }

  /**
   * Reports that a connection for a request failed. If the endpoint is healthy, it becomes suspect
   * and gets no more requests until a health check passes.
   */
  public void connectFailed(String id) {
    var now = clock.getAsLong();
    if (report(id, (member, all) -> member.connectFailed() && all.reinstateMissed(now))) {
      onSuspect.accept(id);
    }
  }

  /** Reports an endpoint's model list. An empty list says nothing: the list before it stays. */
  public void modelsRead(String id, List<ServedModel> models) {
    report(id, (member, all) -> member.modelsRead(models) && all.compareLists());
  }

  /**
   * Reports that an endpoint's models will be read. Until then it does not count as serving every
   * model if other endpoints list theirs.
   */
  public void modelsAwaited(String id) {
    report(id, (member, all) -> member.modelsAwaited() && all.compareLists());
  }

  /**
   * Reports that an endpoint's model list could not be read.
   *
   * @param answered whether the endpoint answered, though without a list. Then a model that no
   *     other endpoint lists does not exist; otherwise this endpoint may have it
   * @param trouble the reason, for operators
   */
  public void modelsUnknown(String id, boolean answered, String trouble) {
    report(id, (member, all) -> member.modelsUnknown(answered, trouble) && all.compareLists());
  }

  /** Reports that an endpoint's metrics could not be read or used. */
  public void metricsUnusable(String id, String trouble) {
    change(id, (member, all) -> member.metricsUnusable(trouble));
  }

  /** Lets back-offs end. To be called several times a second. O(endpoints). */
  public void timePasses() {
    lock.lock();
    try {
      changed |= members.timePasses(clock.getAsLong());
    } finally {
      lock.unlock();
    }
    publish();
  }

  /**
   * Sets the reader of model lists. It gets a task to run when the lists of all endpoints have been
   * read. It returns false, and drops the task, if it read them a moment ago.
   */
  public void onModelUnknown(Predicate<Runnable> reader) {
    modelsReader = reader;
  }

  /**
   * Has the model lists read again because a request names a model that none has.
   *
   * @param whenRead runs once on any thread when that is done
   * @return false if they were read a moment ago; then {@code whenRead} is not called
   */
  public boolean readModelsAgain(Runnable whenRead) {
    return modelsReader.test(whenRead);
  }

  /**
   * Reports an endpoint's metrics. The listener gets them with the next {@link #publish}. The
   * caller publishes once after a batch, so that a hundred endpoints do not make a hundred
   * snapshots.
   *
   * @param sampledAtNanos when they were read, by the engine's clock
   */
  public void metricsRead(String id, EndpointMetrics metrics, long sampledAtNanos) {
    change(id, (member, all) -> member.metricsRead(metrics, sampledAtNanos));
  }

  private interface Change {
    /** Returns whether there is something to publish. */
    boolean apply(Member member, Members all);
  }

  private boolean report(String id, Change change) {
    var applied = change(id, (member, all) -> change.apply(member, all) && all.serviceChanged());
    if (applied) {
      publish();
    }
    return applied;
  }

  private boolean change(String id, Change change) {
    lock.lock();
    try {
      var member = members.get(id);
      var applied = member != null && change.apply(member, members);
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
      Outages.Edges edges;
      lock.lock();
      try {
        if (publishing || !changed) {
          return;
        }
        changed = false;
        publishing = true;
        snapshot = takeSnapshot();
        edges = members.outageEdges();
      } finally {
        lock.unlock();
      }
      try {
        edges.log();
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
    return new PoolSnapshot(members.states());
  }

  // The choice

  /** Like {@link #choose(SchedulingRequest, Set)}, if nothing but the needs is known. */
  public EndpointChoice choose(Eligibility needs, Set<String> tried) {
    return choose(SchedulingRequest.of(needs), tried);
  }

  /**
   * Chooses an endpoint for a request and counts the request there, in one step. O(endpoints), and
   * what the picker needs.
   *
   * @param tried ids of the endpoints at which this request has failed already
   */
  public EndpointChoice choose(SchedulingRequest request, Set<String> tried) {
    lock.lock();
    try {
      return switch (members.choose(request, tried, clock.getAsLong())) {
        case Member member -> new EndpointChoice.Chosen(new Lease(this, member, request));
        case EndpointChoice.NoRoom none -> {
          if (tried.isEmpty()) {
            dispatchesWithoutRoom.increment();
          }
          yield none;
        }
        case Object none -> (EndpointChoice) none;
      };
    } finally {
      lock.unlock();
    }
  }

  /**
   * The prompt tokens that the best endpoint is expected to have in its prefix cache; 0 if unknown.
   */
  public long cachedTokens(SchedulingRequest request) {
    return locked(all -> all.cachedTokens(request));
  }

  void report(Lease lease, Outcome outcome) {
    var member = lease.member();
    @Nullable String notice = null;
    lock.lock();
    try {
      var nowNanos = clock.getAsLong();
      switch (outcome) {
        case BEGAN -> {
          lease.promptRead();
          if (member.began(nowNanos)) {
            notice =
                "Endpoint " + member.id() + " is in again: a request that tried it is answered";
          }
        }
        case SERVED -> member.ejection().served(nowNanos);
        case BUSY -> {}
        case REFUSED, FAILED -> {
          if (members.failed(member, nowNanos, outcome == Outcome.FAILED)) {
            notice = "Endpoint " + member.id() + " is taken out for " + member.whyEjected();
          }
        }
      }
      changed |= notice != null && members.serviceChanged();
    } finally {
      lock.unlock();
    }
    if (notice != null) {
      LOG.warn("{}", notice);
      publish();
    }
  }

  // Questions

  /** The endpoints as configured. */
  public List<EndpointConfig> endpoints() {
    return locked(all -> all.all().stream().map(Member::config).toList());
  }

  /**
   * Whether any endpoint, healthy or not, serves the model. False means a 404. While some
   * endpoint's models are unknown, and for a pool without endpoints, the answer is true.
   */
  public boolean serves(String model) {
    return locked(all -> all.mayHave(model));
  }

  /**
   * The models of all endpoints, healthy or not, each name once, sorted by name. If endpoints
   * describe a model differently, the first endpoint that gets requests is believed, or the first.
   */
  public List<ServedModel> models() {
    return locked(all -> all.models());
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

  /** The number of endpoints that get requests for a model. */
  public int inServiceFor(String model) {
    return locked(all -> all.inServiceFor(model));
  }

  /** The models that have no endpoint in service at this moment, sorted by name. */
  public List<String> modelsOutOfService() {
    return locked(all -> Outages.unserved(all.all()));
  }

  /** The endpoints as operators see them. O(endpoints). */
  public List<EndpointView> views() {
    var nowNanos = clock.getAsLong();
    return locked(all -> all.all().stream().map(member -> member.view(nowNanos)).toList());
  }

  /**
   * The number of requests that were dispatched although every endpoint was at its limit. The
   * engine asks the limits before it dispatches, so each such request is a bug.
   */
  public long dispatchesWithoutRoom() {
    return dispatchesWithoutRoom.sum();
  }

  /** The nanoseconds for which an endpoint has failed its health checks; -1 if it passes them. */
  public long unhealthyNanos(String id) {
    var nowNanos = clock.getAsLong();
    return locked(all -> all.unhealthyNanos(id, nowNanos));
  }

  /** Leases on an endpoint that are not closed; 0 if it is not in the pool. For tests. */
  int leases(String id) {
    return locked(all -> {
      var member = all.get(id);
      return member == null ? 0 : member.ownRequests();
    });
  }

  <T> T locked(Function<Members, T> question) {
    lock.lock();
    try {
      return question.apply(members);
    } finally {
      lock.unlock();
    }
  }
}
