package dev.sluice.simulation.pool;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.EndpointPool;
import dev.sluice.endpoints.health.EjectionOptions;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.TimeSource;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import java.util.function.ObjLongConsumer;

/**
 * The production pool over simulated servers: an {@link EndpointPool} on virtual time, with the
 * picker that the gateway uses, and the scrapes that tell it of the servers.
 *
 * <p>A scrape reads all servers at one moment, their models, their health and their metrics, and
 * reports them to the pool as an {@code EndpointScraper} does. One check is enough to change an
 * endpoint's health: a {@link PoolModel} says how often health is seen, and production's thresholds
 * would add to that. If a connection fails, the suspected endpoint is checked at the same moment.
 *
 * <p>Requests that fail take an endpoint out, as in production, and scrapes let the back-off end.
 *
 * <p>Without scrapes, every endpoint counts as healthy: a suspected one is cleared at once, as by a
 * gateway without a health path, and none is taken out.
 */
public final class SimulatedPool {
  private static final HealthThresholds ONE_CHECK = new HealthThresholds(1, 1);

  private final PoolModel model;
  private final TimeSource clock;
  private final ObjLongConsumer<Runnable> scheduler;
  private final Consumer<PoolSnapshot> listener;
  private final EndpointPool endpoints;
  private final Map<String, SimulatedServer> servers = new LinkedHashMap<>();
  private SplittableRandom backOffs = new SplittableRandom(0);
  private boolean begun;

  /**
   * Idle servers that the pool does not know yet.
   *
   * @param scheduler runs an action at a time of {@code clock}
   * @param changing called before the number of requests that run or wait on a server changes
   * @param listener gets the pool's snapshots, each {@link PoolModel#scrapeDelay} late; the first
   *     ones, before the run begins, at once
   */
  public SimulatedPool(
      PoolModel model,
      TimeSource clock,
      ObjLongConsumer<Runnable> scheduler,
      Runnable changing,
      Consumer<PoolSnapshot> listener) {
    this.model = model;
    this.clock = clock;
    this.scheduler = scheduler;
    this.listener = listener;
    endpoints =
        new EndpointPool(
            ONE_CHECK,
            new LeastLoadPicker(),
            this::deliver,
            clock::nanoTime,
            () -> backOffs.nextDouble());
    if (!isScraped()) {
      endpoints.reconfigure(EjectionOptions.OFF); // nothing would let a back-off end
    }
    for (var server : model.servers()) {
      var id = "e" + (servers.size() + 1);
      servers.put(id, new SimulatedServer(id, server, scheduler, changing));
    }
  }

  /** Starts the servers, makes them known to the pool, and starts the scrapes. */
  public void begin(long seed) {
    backOffs = new SplittableRandom(seed * 1_000_003 - 1);
    var index = 0;
    for (var server : servers.values()) {
      server.begin(new SplittableRandom(seed * 1_000_003 + index++));
    }
    endpoints.onSuspect(this::checkSoon);
    endpoints.reconfigure(servers.values().stream().map(SimulatedPool::configuration).toList());
    for (var server : servers.values()) {
      readModels(server);
      check(server);
    }
    begun = true;
    if (isScraped()) {
      scrapeAt(clock.nanoTime());
    }
  }

  /** The pool that chooses endpoints. */
  public EndpointPool endpoints() {
    return endpoints;
  }

  /** The server behind an endpoint of the pool. */
  public SimulatedServer server(String endpointId) {
    var server = servers.get(endpointId);
    if (server == null) {
      throw new IllegalArgumentException("no server has the id " + endpointId);
    }
    return server;
  }

  /** The number of servers. */
  public int size() {
    return servers.size();
  }

  /** Slots of all servers. */
  public int slots() {
    return model.slots();
  }

  /** Requests in the batches of all servers. */
  public int running() {
    var running = 0;
    for (var server : servers.values()) {
      running += server.running();
    }
    return running;
  }

  /** Requests in the queues of all servers. */
  public int waiting() {
    var waiting = 0;
    for (var server : servers.values()) {
      waiting += server.waiting();
    }
    return waiting;
  }

  /** Preemptions of all servers. */
  public long preemptions() {
    return servers.values().stream().mapToLong(SimulatedServer::preemptions).sum();
  }

  /** The longest queue that a server had since {@link #forgetMostWaiting}. */
  public int mostWaiting() {
    return servers.values().stream().mapToInt(SimulatedServer::mostWaiting).max().orElse(0);
  }

  /** Starts to look for the longest queue anew. */
  public void forgetMostWaiting() {
    servers.values().forEach(SimulatedServer::forgetMostWaiting);
  }

  private boolean isScraped() {
    return !model.scrapePeriod().isZero();
  }

  /** An endpoint's models are configured, unless a gap takes one away: then they are read. */
  private static EndpointConfig configuration(SimulatedServer server) {
    var served = server.model();
    return new EndpointConfig(
        server.id(),
        URI.create("http://" + server.id()),
        served.gaps().isEmpty() ? served.models() : Set.of(),
        served.adapters(),
        served.capacityWeight(),
        0);
  }

  private void scrapeAt(long nanos) {
    scheduler.accept(
        () -> {
          scrape(nanos);
          scrapeAt(nanos + model.scrapePeriod().toNanos());
        },
        nanos);
  }

  private void scrape(long nanos) {
    // Models come first: an endpoint that is healthy again is not known by its models of before.
    servers.values().forEach(this::readModels);
    servers.values().forEach(this::check);
    if (model.scrapeOutages().stream().noneMatch(outage -> outage.contains(nanos))) {
      for (var server : servers.values()) {
        if (!server.isDown()) {
          endpoints.metricsRead(server.id(), metrics(server, nanos), nanos);
        }
      }
    }
    endpoints.timePasses();
    endpoints.publish();
  }

  private void readModels(SimulatedServer server) {
    if (!server.isDown() && !server.model().gaps().isEmpty()) {
      var models = server.model().modelsAt(clock.nanoTime());
      endpoints.modelsRead(server.id(), models.stream().sorted().map(ServedModel::of).toList());
    }
  }

  private void check(SimulatedServer server) {
    if (server.isDown() && isScraped()) {
      endpoints.healthCheckFailed(server.id());
    } else {
      endpoints.healthCheckPassed(server.id());
    }
  }

  private void checkSoon(String endpointId) {
    scheduler.accept(() -> check(server(endpointId)), clock.nanoTime());
  }

  private static EndpointMetrics metrics(SimulatedServer server, long nanos) {
    return new EndpointMetrics(
        server.shownWaiting(nanos),
        server.shownRunning(nanos),
        server.kvUtilization(nanos),
        server.model().kvTokens(),
        server.preemptions(),
        0,
        Set.of(),
        Set.of());
  }

  private void deliver(PoolSnapshot snapshot) {
    if (!begun || model.scrapeDelay().isZero()) {
      listener.accept(snapshot);
    } else {
      scheduler.accept(
          () -> listener.accept(snapshot), clock.nanoTime() + model.scrapeDelay().toNanos());
    }
  }
}
