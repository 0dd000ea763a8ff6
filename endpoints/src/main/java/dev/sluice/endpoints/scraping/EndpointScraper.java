package dev.sluice.endpoints.scraping;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.metrics.MetricsPage;
import dev.sluice.endpoints.metrics.MetricsReader;
import dev.sluice.endpoints.models.ModelList;
import dev.sluice.endpoints.models.ServedModel;
import io.vertx.core.Context;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClient;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.PoolOptions;
import io.vertx.core.http.RequestOptions;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;

/**
 * Reads the metrics, the health and the models of every endpoint of a pool, periodically, and
 * reports them to the pool. Connections are kept open.
 *
 * <p>A scrape that fails changes nothing: the pool keeps the last sample and its time, so readers
 * of the sample see its age. A health check passes with any status below 500, because an endpoint
 * that lacks the health page is alive. Trouble is logged when it begins and when it ends, not each
 * time.
 *
 * <p>This class is long because the receivers of metrics, health and models share the state of one
 * endpoint.
 *
 * <p>Thread-safe. All work runs on one event loop of {@code vertx}.
 */
public final class EndpointScraper implements AutoCloseable {
  private static final int CONNECTIONS_PER_ENDPOINT = 3;

  /** The time that a sample waits for others, so that the pool publishes one snapshot of them. */
  private static final long BATCH_MILLIS = 2;

  /** The delay before a model list is read again after a read failed. */
  private static final long MODELS_RETRY_MILLIS = 1_000;

  /** The longest time for which a request waits until model lists have been read again. */
  private static final long ROUND_MILLIS = 1_000;

  /** The time between two looks at the pool's back-offs. */
  private static final long TICK_MILLIS = 100;

  private final Vertx vertx;
  private final Context context;
  private final HttpClient client;
  private final EndpointPool pool;
  private final ScrapeOptions options;
  private final LongSupplier clock;
  private final String apiKey;
  private final LongAdder scrapes = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final ReentrantLock lock = new ReentrantLock();

  @GuardedBy("lock")
  private final Map<String, Target> targets = new HashMap<>();

  @GuardedBy("lock")
  private final ModelsRound<Target> round = new ModelsRound<>();

  @GuardedBy("lock")
  private boolean closed;

  // Used on the event loop only.
  private final MetricsReader reader = new MetricsReader();
  private boolean publishing;
  private long ticker = -1;

  /**
   * Starts to read the endpoints that the pool has. {@link #reconfigure} replaces them.
   *
   * @param clock the engine's clock, in nanoseconds, such as {@code System::nanoTime}
   */
  public EndpointScraper(
      Vertx vertx, EndpointPool pool, ScrapeOptions options, LongSupplier clock) {
    this(vertx, pool, options, clock, "");
  }

  /**
   * The same for endpoints that ask for a key.
   *
   * @param apiKey the key that every request carries as a bearer token; empty for none
   */
  public EndpointScraper(
      Vertx vertx, EndpointPool pool, ScrapeOptions options, LongSupplier clock, String apiKey) {
    this.apiKey = apiKey;
    this.vertx = vertx;
    this.pool = pool;
    this.options = options;
    this.clock = clock;
    context = vertx.getOrCreateContext();
    client =
        vertx.createHttpClient(
            new HttpClientOptions().setConnectTimeout(timeoutMillis(options.healthTimeout())),
            new PoolOptions().setHttp1MaxSize(CONNECTIONS_PER_ENDPOINT));
    pool.onSuspect(this::checkNow);
    pool.onModelUnknown(this::readModelsAgain);
    context.runOnContext(
        nothing -> ticker = vertx.setPeriodic(TICK_MILLIS, id -> pool.timePasses()));
    follow(pool.endpoints());
  }

  /**
   * Replaces the pool's endpoints.
   *
   * @throws IllegalArgumentException if an id is listed twice; nothing is changed then
   */
  public void reconfigure(List<EndpointConfig> endpoints) {
    pool.reconfigure(endpoints);
    follow(endpoints);
  }

  /** Checks the health of one endpoint at once. */
  public void checkNow(String id) {
    lock.lock();
    try {
      var target = targets.get(id);
      if (target != null) {
        target.hurry();
      }
    } finally {
      lock.unlock();
    }
  }

  /**
   * Reads the model lists of all endpoints at once, unless they were read in the last half second.
   *
   * @param whenRead runs on the event loop when all lists have come or failed, after at most 1 s
   * @return false if the lists were read a moment ago, or are not read at all
   */
  private boolean readModelsAgain(Runnable whenRead) {
    lock.lock();
    try {
      if (closed || options.modelsPath().isEmpty() || targets.isEmpty()) {
        return false;
      }
      return switch (round.join(whenRead, System.nanoTime())) {
        case TOO_SOON -> false;
        case WAITS -> true;
        case BEGINS -> {
          context.runOnContext(nothing -> beginRound());
          yield true;
        }
      };
    } finally {
      lock.unlock();
    }
  }

  private void beginRound() {
    long number;
    lock.lock();
    try {
      number = round.number();
      for (var target : targets.values()) {
        for (var get : target.modelsGets) {
          round.expect(target, get.isUnderWay() ? 2 : 1);
          get.start(0);
        }
      }
    } finally {
      lock.unlock();
    }
    vertx.setTimer(ROUND_MILLIS, id -> tell(endOfRound(number)));
  }

  private List<Runnable> endOfRound(long number) {
    lock.lock();
    try {
      return round.timedOut(number);
    } finally {
      lock.unlock();
    }
  }

  private void modelsCame(Target target) {
    List<Runnable> told;
    lock.lock();
    try {
      told = round.came(target);
    } finally {
      lock.unlock();
    }
    tell(told);
  }

  private static void tell(List<Runnable> callers) {
    callers.forEach(Runnable::run);
  }

  /** Metrics pages that were read and understood. */
  public long scrapes() {
    return scrapes.sum();
  }

  /** Metrics pages that could not be read or were unusable. */
  public long failedScrapes() {
    return failures.sum();
  }

  /** Stops reading. Answers that are under way are dropped. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      targets.values().forEach(Target::close);
      targets.clear();
    } finally {
      lock.unlock();
    }
    // Runs after the tasks that end the periodic requests: those still need an open client.
    context.runOnContext(nothing -> {
      vertx.cancelTimer(ticker);
      client.close();
    });
  }

  private void follow(List<EndpointConfig> endpoints) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      var before = Map.copyOf(targets);
      targets.clear();
      for (var i = 0; i < endpoints.size(); i++) {
        var endpoint = endpoints.get(i);
        var target = before.get(endpoint.id());
        if (target == null || !target.endpoint.equals(endpoint)) {
          target = new Target(endpoint);
          target.start(i * options.metricsPeriod().toMillis() / endpoints.size());
        }
        targets.put(endpoint.id(), target);
      }
      for (var target : before.values()) {
        if (targets.get(target.endpoint.id()) != target) {
          target.close();
        }
      }
    } finally {
      lock.unlock();
    }
  }

  private void publishSoon() {
    if (!publishing) {
      publishing = true;
      vertx.setTimer(
          BATCH_MILLIS,
          id -> {
            publishing = false;
            pool.publish();
          });
    }
  }

  private static int timeoutMillis(Duration timeout) {
    return Math.toIntExact(timeout.toMillis());
  }

  /** One endpoint's periodic requests. */
  private final class Target {
    private final EndpointConfig endpoint;
    private final List<PeriodicGet> gets = new ArrayList<>();
    private final List<PeriodicGet> healthGets = new ArrayList<>();
    private final List<PeriodicGet> modelsGets = new ArrayList<>();
    private final Trouble metricsTrouble;
    private final Trouble healthTrouble;
    private final Trouble modelsTrouble;

    Target(EndpointConfig endpoint) {
      this.endpoint = endpoint;
      metricsTrouble = new Trouble(endpoint.id(), "metrics");
      healthTrouble = new Trouble(endpoint.id(), "health check");
      modelsTrouble = new Trouble(endpoint.id(), "model list");
      if (!options.metricsPath().isEmpty()) {
        gets.add(
            get(
                options.metricsPath(),
                options.metricsPeriod(),
                options.metricsTimeout(),
                new MetricsReceiver()));
      }
      if (!options.healthPath().isEmpty()) {
        healthGets.add(
            get(
                options.healthPath(),
                options.healthPeriod(),
                options.healthTimeout(),
                new HealthReceiver()));
      }
      if (!options.modelsPath().isEmpty()) {
        modelsGets.add(
            get(
                options.modelsPath(),
                options.modelsPeriod(),
                options.healthTimeout(),
                new ModelsReceiver()));
      }
    }

    private PeriodicGet get(
        String path, Duration period, Duration timeout, PeriodicGet.Receiver receiver) {
      var request =
          new RequestOptions()
              .setMethod(HttpMethod.GET)
              .setHost(endpoint.host())
              .setPort(endpoint.port())
              .setSsl(endpoint.isTls())
              .setURI(endpoint.target(path));
      if (!apiKey.isEmpty()) {
        request.putHeader("authorization", "Bearer " + apiKey);
      }
      return new PeriodicGet(
          vertx,
          context,
          client,
          request,
          InetAddress::getAllByName,
          period.toMillis(),
          timeout.toMillis(),
          options.maxPageBytes(),
          receiver);
    }

    void start(long delayMillis) {
      if (!modelsGets.isEmpty()) {
        pool.modelsAwaited(endpoint.id());
      }
      if (healthGets.isEmpty()) {
        pool.healthCheckPassed(endpoint.id());
      }
      healthGets.forEach(get -> get.start(0));
      modelsGets.forEach(get -> get.start(0));
      gets.forEach(get -> get.start(delayMillis));
    }

    void hurry() {
      healthGets.forEach(get -> get.start(0));
      if (healthGets.isEmpty()) {
        // Without health checks nothing else would clear the suspicion.
        vertx.runOnContext(nothing -> pool.healthCheckPassed(endpoint.id()));
      }
    }

    void close() {
      gets.forEach(PeriodicGet::close);
      healthGets.forEach(PeriodicGet::close);
      modelsGets.forEach(PeriodicGet::close);
    }

    private final class MetricsReceiver implements PeriodicGet.Receiver {
      @Override
      public void received(int status, byte[] bytes, int length) {
        if (status != 200) {
          failed("status " + status);
          return;
        }
        switch (reader.read(bytes, length)) {
          case MetricsPage.Usable(var metrics, var broken) -> {
            scrapes.increment();
            metricsTrouble.over();
            pool.metricsRead(endpoint.id(), metrics, clock.getAsLong());
            publishSoon();
          }
          case MetricsPage.Unusable(var reason, var broken) -> failed(reason);
        }
      }

      @Override
      public void failed(String reason) {
        failures.increment();
        metricsTrouble.is(reason);
        pool.metricsUnusable(endpoint.id(), reason);
      }
    }

    private final class HealthReceiver implements PeriodicGet.Receiver {
      @Override
      public void received(int status, byte[] bytes, int length) {
        if (status >= 500) {
          failed("status " + status);
          return;
        }
        if (healthTrouble.over()) {
          // The endpoint may serve other models after a restart.
          modelsGets.forEach(get -> get.start(0));
        }
        pool.healthCheckPassed(endpoint.id());
      }

      @Override
      public void failed(String reason) {
        healthTrouble.is(reason);
        pool.healthCheckFailed(endpoint.id());
      }
    }

    private final class ModelsReceiver implements PeriodicGet.Receiver {
      @Override
      public void received(int status, byte[] bytes, int length) {
        if (status != 200) {
          // A 5xx is said by a server that still loads, or by a proxy before it.
          unknown(status < 500, "status " + status);
          return;
        }
        List<ServedModel> models;
        try {
          models = ModelList.parse(bytes, length);
        } catch (IllegalArgumentException e) {
          unknown(true, String.valueOf(e.getMessage()));
          return;
        }
        if (models.isEmpty()) {
          unknown(true, "the list is empty");
          return;
        }
        modelsTrouble.over();
        pool.modelsRead(endpoint.id(), models);
        modelsCame(Target.this);
      }

      @Override
      public void failed(String reason) {
        unknown(false, reason);
      }

      private void unknown(boolean answered, String reason) {
        modelsTrouble.is(reason);
        pool.modelsUnknown(endpoint.id(), answered, reason);
        modelsCame(Target.this);
        modelsGets.forEach(
            get -> get.start(Math.min(MODELS_RETRY_MILLIS, options.modelsPeriod().toMillis())));
      }
    }
  }
}
