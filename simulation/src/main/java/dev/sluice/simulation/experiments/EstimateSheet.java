package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;
import static dev.sluice.simulation.experiments.Runs.SLOTS;

import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.workload.ArrivalProcess;
import dev.sluice.simulation.workload.Caller;
import dev.sluice.simulation.workload.OpenTraffic;
import dev.sluice.simulation.workload.RequestShape;
import dev.sluice.simulation.workload.ReturningClients;
import dev.sluice.simulation.workload.Traffic;
import dev.sluice.simulation.workload.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;

/** What refused callers are told, and whether requests are refused in time. */
final class EstimateSheet {
  private static final int BACKLOG = 40;
  private static final int PROBED_SECONDS = 600;
  private static final double FACTOR = 1.5;

  private static final RequestShape SHAPE = Runs.shape(64, 512, 32, 128);
  private static final double SERVED_PER_SECOND = SLOTS / (288 / 8_000.0 + 80 * 0.02);
  private static final int RETURNING_SECONDS = 600;
  private static final double MEAN_LOAD = 0.95;

  /** In a quarter of the time, requests come at three times the mean rate. */
  private static final long BURST = 10 * SECOND;

  private static final long BETWEEN_BURSTS = 30 * SECOND;
  private static final double PEAK = 3 * MEAN_LOAD;
  private static final double TROUGH = MEAN_LOAD / 3;

  /** Twice what the pool serves. */
  private static final double OVERLOAD = 2;

  private static final double MARGIN = 0.1;
  private static final int OVERLOADED_SECONDS = 300;
  private static final long LEAST_TTL = 5 * SECOND;
  private static final long MOST_TTL = 60 * SECOND;

  private EstimateSheet() {}

  static List<Experiment> experiments() {
    return List.of(
        new Experiment(
            "E27",
            "Retry-After tells the truth, and clients that obey it get in",
            List.of(Policy.SLUICE),
            EstimateSheet::retryAfter),
        new Experiment(
            "E28",
            "Requests that would expire are refused on arrival",
            List.of(Policy.SLUICE),
            EstimateSheet::earlyRefusal));
  }

  private static List<Figure> retryAfter(Policy policy, long seed) {
    var steady = probed(policy, seed, 8, steady(seed));
    var bursty = new ArrayList<Double>();
    for (var together : List.of(4, 8, 16, 32)) {
      // Two requests a second on average, whatever number ends together.
      bursty.addAll(probed(policy, seed, together, at -> 25L * together));
    }
    var stalled = probed(policy, seed, 8, stalled(seed));
    var recovering = probed(policy, seed, 8, recovering(seed));
    var all = Stream.of(steady, bursty, stalled, recovering).flatMap(List::stream).toList();
    return List.of(
        told("pools of all kinds", all, 90),
        told("a steady pool", steady, 90),
        told("pools that serve in bursts", bursty, 90),
        told("a pool that recovers", recovering, 90),
        // A ninth of the probes are in the minute of the stall, whose end nobody can know.
        told("a pool that stalls", stalled, 80),
        Figure.atLeast("20 clients: admitted at first return, %", returning(policy, seed, 20), 90),
        Figure.atLeast(
            "500 clients: admitted at first return, %", returning(policy, seed, 500), 90));
  }

  private static Figure told(String pool, List<Double> errors, double least) {
    var close = errors.stream().filter(error -> error <= FACTOR).count();
    return Figure.atLeast(
        pool + ": told within a factor of 1.5, % of cases", 100.0 * close / errors.size(), least);
  }

  private static List<Double> probed(
      Policy policy, long seed, int slots, LongUnaryOperator outputTokens) {
    var probe = new AdviceProbe(slots + BACKLOG, outputTokens);
    Runs.run(
        new Setup(slots).maxQueued(AdviceProbe.TENANT, BACKLOG),
        policy,
        PoolModel.of(1, ServerModel.of(slots)),
        probe,
        PROBED_SECONDS,
        seed,
        probe);
    return probe.errors();
  }

  /** Half a second to one and a half for each answer. */
  private static LongUnaryOperator steady(long seed) {
    var random = new SplittableRandom(seed);
    return at -> random.nextLong(25, 76);
  }

  /** In the middle of the run, every slot is taken by an answer of a minute. */
  private static LongUnaryOperator stalled(long seed) {
    var steady = steady(seed);
    var left = new AtomicInteger(8);
    return at ->
        at > PROBED_SECONDS / 2 * SECOND && left.getAndDecrement() > 0
            ? 3_000
            : steady.applyAsLong(at);
  }

  /** Four times slower in the first half of the run. */
  private static LongUnaryOperator recovering(long seed) {
    var steady = steady(seed);
    return at -> steady.applyAsLong(at) * (at < PROBED_SECONDS / 2 * SECOND ? 4 : 1);
  }

  /** The part of the refused requests that are admitted at their first return, in percent. */
  private static double returning(Policy policy, long seed, int clients) {
    var sources = new ArrayList<Traffic>();
    var base = new ArrivalProcess.Poisson(TROUGH * SERVED_PER_SECOND / clients);
    var burst =
        new ArrivalProcess.OnOff(
            (PEAK - TROUGH) * SERVED_PER_SECOND / clients, BURST, BETWEEN_BURSTS);
    for (var i = 0; i < clients; i++) {
      sources.add(Traffic.of(Caller.of("client-" + i), base, SHAPE));
      sources.add(Traffic.of(Caller.of("client-" + i), burst, SHAPE));
    }
    var end = RETURNING_SECONDS * SECOND;
    var workload = new ReturningClients(new OpenTraffic(sources, seed, end), 10, end);
    Runs.run(
        new Setup(SLOTS).maxRequests(200, true).admission("dynamic-threshold"),
        policy,
        Runs.pool(),
        workload,
        RETURNING_SECONDS,
        seed);
    return 100 * workload.admittedAtFirstReturn();
  }

  /**
   * If times to live differ, the requests that are refused could not have been served. If they are
   * equal, each of the requests refused could have been served in the place of another one, so that
   * figure has no bound; but no more than 5 % fewer are served in all.
   */
  private static List<Figure> earlyRefusal(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    figures.addAll(overloaded("times to live of 5 to 60 s", LEAST_TTL, policy, seed, 5));
    figures.addAll(overloaded("times to live of 60 s", MOST_TTL, policy, seed, 100));
    return figures;
  }

  private static List<Figure> overloaded(
      String name, long leastTtl, Policy policy, long seed, double mostInVain) {
    var without = overloaded(new Setup(SLOTS), leastTtl, policy, seed);
    var with = overloaded(new Setup(SLOTS).earlyRefusal(MARGIN), leastTtl, policy, seed);
    var lost = 100.0 * (without.served() - with.served()) / with.refused();
    return List.of(
        Figure.atLeast(
            name + ": expired, times fewer", without.expired() / (double) with.expired(), 4),
        Figure.atMost(name + ": fewer served, % of those refused", lost, 5),
        Figure.atMost(
            name + ": each alone would have been served, % of those refused",
            with.refusedInVain(),
            mostInVain));
  }

  private static TimesUp overloaded(Setup setup, long leastTtl, Policy policy, long seed) {
    var perFlow = OVERLOAD * SERVED_PER_SECOND / 2;
    var requests =
        Runs.workload(
            seed,
            OVERLOADED_SECONDS,
            List.of(Runs.traffic("a", perFlow, SHAPE), Runs.traffic("b", perFlow, SHAPE)));
    var random = new SplittableRandom(seed);
    Workload workload =
        () -> {
          var next = requests.next();
          return next == null ? null : next.withTtl(random.nextLong(leastTtl, MOST_TTL + 1));
        };
    var timesUp = new TimesUp();
    Runs.run(setup, policy, Runs.pool(), workload, OVERLOADED_SECONDS, seed, timesUp);
    return timesUp;
  }
}
