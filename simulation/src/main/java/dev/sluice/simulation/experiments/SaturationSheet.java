package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;

import dev.sluice.simulation.pool.Foreign;
import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.pool.Window;
import dev.sluice.simulation.run.SimulationOptions;
import dev.sluice.simulation.run.SimulationResult;
import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.RequestShape;
import dev.sluice.simulation.workload.TokenLengths;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Experiments on the use of the pool, which must be full and no fuller. */
final class SaturationSheet {
  private static final int SERVERS = 8;
  private static final int SLOTS = 16;

  /** The time until the pool is full and requests of other senders have been seen. */
  private static final Duration WARM_UP = Duration.ofSeconds(20);

  private static final RequestShape SHAPE = Runs.shape(64, 512, 32, 128);
  private static final double SERVICE_SECONDS = 288 / 8_000.0 + 80 * 0.02;

  /** A load of 1.5 times the pool's capacity. */
  private static final double RATE = 1.5 * SERVERS * SLOTS / SERVICE_SECONDS;

  private static final Foreign QUARTER =
      new Foreign(
          0.25 * SLOTS / SERVICE_SECONDS,
          new TokenLengths.Uniform(64, 512),
          new TokenLengths.Uniform(48, 112));

  /** Upstream's default: the average of scraped queues and KV caches. */
  private static final Policy SCRAPED =
      new Policy("utilization", true, 0, setup -> setup.detector("utilization", Map.of()));

  private SaturationSheet() {}

  static List<Experiment> experiments() {
    var policies = List.of(Policy.SLUICE, SCRAPED);
    return List.of(
        new Experiment(
            "E9",
            "Old metrics: the gateway's own traffic is known exactly",
            policies,
            SaturationSheet::staleMetrics),
        new Experiment(
            "E9f",
            "Old metrics, a quarter of the traffic from other senders",
            policies,
            SaturationSheet::staleMetricsAndOthers),
        new Experiment(
            "E10",
            "Two of eight servers four times slower",
            policies,
            SaturationSheet::heterogeneous),
        new Experiment(
            "E10b",
            "No metrics for 30 s, a quarter of the traffic from other senders",
            policies,
            SaturationSheet::scrapeOutage),
        new Experiment(
            "E17",
            "The detector finds the limit of a server",
            List.of(Policy.SLUICE),
            SaturationSheet::adaptiveLimit));
  }

  private static Setup ledger() {
    return new Setup(SLOTS).detector("ledger", Map.of("fixedLimit", SLOTS, "headroom", 1));
  }

  private static PoolModel pool(@Nullable Foreign foreign) {
    return PoolModel.of(SERVERS, ServerModel.of(SLOTS).with(foreign));
  }

  private static SimulationResult run(
      Policy policy, PoolModel pool, int seconds, long seed, Watch... watches) {
    return Runs.run(
        ledger(),
        policy,
        pool,
        Runs.workload(seed, seconds, List.of(Runs.traffic("t", RATE, SHAPE))),
        SimulationOptions.of(Duration.ofSeconds(seconds), seed).withWarmUp(WARM_UP),
        watches);
  }

  private static List<Figure> staleMetrics(Policy policy, long seed) {
    var hashes = new HashSet<Long>();
    var mostWaiting = 0;
    var utilization = 1.0;
    var idle = 0.0;
    for (var millis : List.of(50, 200, 1_000, 5_000, 0)) {
      var pool = pool(null).scraped(Duration.ofMillis(millis), Duration.ZERO);
      var result = run(policy, pool, 120, seed);
      hashes.add(result.decisionHash());
      mostWaiting = Math.max(mostWaiting, result.mostWaitingInServer());
      utilization = Math.min(utilization, result.utilization());
      idle = Math.max(idle, result.idleWhileQueued());
    }
    return List.of(
        Figure.atMost("longest queue in a server", mostWaiting, 1),
        Figure.atLeast("utilization", utilization, 0.98),
        Figure.atMost("idle while queued, %", 100 * idle, 0.1),
        Figure.atMost("different decision logs of the scrape periods", hashes.size(), 1));
  }

  private static List<Figure> staleMetricsAndOthers(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    var periods = List.of(50, 1_000, 5_000);
    var utilizations = List.of(0.985, 0.98, 0.97);
    var idles = List.of(0.1, 1.0, 2.0);
    for (var i = 0; i < periods.size(); i++) {
      var millis = periods.get(i);
      var pool = pool(QUARTER).scraped(Duration.ofMillis(millis), Duration.ZERO);
      var result = run(policy, pool, 240, seed);
      var at = " at " + millis + " ms";
      figures.add(Figure.atLeast("utilization" + at, result.utilization(), utilizations.get(i)));
      figures.add(
          Figure.atMost(
              "idle while queued" + at + ", %", 100 * result.idleWhileQueued(), idles.get(i)));
      figures.add(Figure.atMost("longest queue in a server" + at, result.mostWaitingInServer(), 6));
    }
    return figures;
  }

  private static List<Figure> heterogeneous(Policy policy, long seed) {
    var servers = new ArrayList<ServerModel>();
    for (var i = 0; i < SERVERS; i++) {
      servers.add(i < 2 ? ServerModel.of(SLOTS).slower(4) : ServerModel.of(SLOTS));
    }
    var pool = new PoolModel(servers, Duration.ofMillis(50), Duration.ZERO, List.of());
    var result = run(policy, pool, 240, seed);
    return List.of(Figure.atLeast("utilization", result.utilization(), 0.98));
  }

  private static List<Figure> scrapeOutage(Policy policy, long seed) {
    var outage = new Window(Duration.ofSeconds(40), Duration.ofSeconds(70));
    var pool = pool(QUARTER).scraped(Duration.ofMillis(50), Duration.ZERO, outage);
    var before = new Dispatches(20, 40);
    var during = new Dispatches(45, 70);
    var result = run(policy, pool, 100, seed, before, during);
    return List.of(
        Figure.atLeast(
            "dispatch rate in the outage, % of before",
            100 * during.perSecond() / before.perSecond(), 75),
        Figure.atMost("longest queue in a server", result.mostWaitingInServer(), 6),
        Figure.atMost("longest time without dispatch in the outage, s", during.longestGap(), 1));
  }

  /** A server that slows down with its batch, and is limited by its KV cache. */
  private static List<Figure> adaptiveLimit(Policy policy, long seed) {
    var model =
        ServerModel.of(256).withBatch(Duration.ofMillis(15), Duration.ofNanos(75_000), 120_000);
    var pool = PoolModel.of(2, model).scraped(Duration.ofMillis(200), Duration.ZERO);
    var best = 0.0;
    for (var limit : List.of(32, 64, 96, 128, 144, 160, 192)) {
      var setup = new Setup(limit);
      best = Math.max(best, tokensPerSecond(adaptive(setup, policy, pool, seed)));
    }
    var learned = adaptive(new Setup(SLOTS).detector("ledger", Map.of()), policy, pool, seed);
    return List.of(
        Figure.atLeast(
            "tokens/s, % of the best fixed limit", 100 * tokensPerSecond(learned) / best, 93),
        Figure.atMost(
            "preemptions per 1,000 requests",
            1_000.0 * learned.preemptions() / learned.all().completed(),
            1),
        Figure.atMost("p99 wait in the server, s", learned.serverWaitP99() / 1_000, 0.1));
  }

  private static SimulationResult adaptive(Setup setup, Policy policy, PoolModel pool, long seed) {
    var shape = Runs.shape(200, 1_000, 100, 300);
    return Runs.run(
        setup,
        policy,
        pool,
        Runs.workload(seed, 600, List.of(Runs.traffic("t", 100, shape))),
        600,
        seed);
  }

  private static double tokensPerSecond(SimulationResult result) {
    return result.all().outputTokens() / result.simulatedSeconds();
  }

  /** Dispatches between two times, in seconds. */
  private static final class Dispatches implements Watch {
    private final int from;
    private final int to;
    private long last;
    private long count;
    private long longest;

    Dispatches(int from, int to) {
      this.from = from;
      this.to = to;
      last = from * SECOND;
    }

    double perSecond() {
      return count / (double) (to - from);
    }

    double longestGap() {
      return Math.max(longest, to * SECOND - last) / (double) SECOND;
    }

    @Override
    public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
      if (nowNanos >= from * SECOND && nowNanos < to * SECOND) {
        count++;
        longest = Math.max(longest, nowNanos - last);
        last = nowNanos;
      }
    }
  }
}
