package dev.sluice.simulation.experiments;

import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerHabits;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.run.SimulationOptions;
import dev.sluice.simulation.run.SimulationResult;
import dev.sluice.simulation.workload.Caller;
import dev.sluice.simulation.workload.RequestShape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** What is promised of limits that are learned: as good as the best one set by hand. */
final class LimitSheet {
  private static final RequestShape SHAPE = Runs.shape(64, 512, 32, 128);
  private static final double PROMPT_TOKENS = 288;
  private static final double OUTPUT_TOKENS = 80;
  private static final int IMPORTANT = 10;

  private LimitSheet() {}

  static List<Experiment> experiments() {
    var policies = List.of(Policy.SLUICE);
    return List.of(
        new Experiment(
            "E17a",
            "The limit of a server of any size is found within 60 s, with and without metrics",
            policies,
            LimitSheet::sizes),
        new Experiment(
            "E17b",
            "The limit is found within 5 s from any start, and the server's own queue stays empty",
            policies,
            LimitSheet::starts),
        new Experiment(
            "E17c",
            "Requests that wait for the reading of prompts do not make a server look full",
            policies,
            LimitSheet::prompts));
  }

  /** A server, its load, and what is measured of it. */
  private record Case(
      ServerModel server,
      RequestShape shape,
      double perSecond,
      Duration warmUp,
      Duration measured) {

    SimulationResult run(Policy policy, Setup setup, Duration scrapePeriod, long seed) {
      var duration = warmUp.plus(measured);
      var sources =
          List.of(
              Runs.traffic(caller("gold", IMPORTANT), 0.1 * perSecond, shape),
              Runs.traffic(caller("silver", 0), 0.7 * perSecond, shape),
              Runs.traffic(caller("batch", -1), 0.7 * perSecond, shape));
      return Runs.run(
          setup,
          policy,
          PoolModel.of(1, server).scraped(scrapePeriod, Duration.ZERO),
          Runs.workload(seed, (int) duration.toSeconds(), sources),
          SimulationOptions.of(duration, seed).withWarmUp(warmUp));
    }

    /** The result of the smallest limit that reaches nearly the most tokens of all. */
    SimulationResult best(Policy policy, List<Integer> limits, long seed) {
      var results = new ArrayList<SimulationResult>();
      for (var limit : limits) {
        results.add(run(policy, new Setup(limit), Duration.ZERO, seed));
      }
      var most = results.stream().mapToDouble(LimitSheet::tokens).max().orElseThrow();
      return results.stream().filter(r -> tokens(r) >= 0.99 * most).findFirst().orElseThrow();
    }

    private static Caller caller(String flow, int priority) {
      return Caller.of(flow).withPriority(priority);
    }
  }

  private static Setup learning() {
    return learning(Map.of());
  }

  private static Setup learning(Map<String, Object> parameters) {
    return new Setup(1).detector("ledger", parameters);
  }

  private static double tokens(SimulationResult result) {
    return result.all().outputTokens() / result.simulatedSeconds();
  }

  private static double importantP99(SimulationResult result) {
    return Objects.requireNonNull(result.bands().get(IMPORTANT)).ttftP99();
  }

  private static double perSecond(int slots) {
    return slots / (PROMPT_TOKENS / 8_000 + OUTPUT_TOKENS * 0.02);
  }

  private static List<Figure> sizes(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    for (var slots : List.of(1, 4, 16, 64, 256)) {
      var measured = Duration.ofSeconds(slots < 16 ? 1_800 : slots < 256 ? 240 : 60);
      var under =
          new Case(
              ServerModel.of(slots), SHAPE, perSecond(slots), Duration.ofSeconds(60), measured);
      var best = under.best(policy, List.of(slots), seed);
      for (var millis : List.of(50, 200, 1_000, 0)) {
        var learned = under.run(policy, learning(), Duration.ofMillis(millis), seed);
        var name = slots + " slots, " + (millis == 0 ? "no samples" : millis + " ms");
        compare(figures, name, learned, best, 95, 1.3);
      }
    }
    return figures;
  }

  /** A server as it shows itself: exact samples, samples that lag 40 tokens, or no samples. */
  private record Sight(String name, ServerHabits habits, Duration scrapePeriod) {
    static final Sight EXACT = new Sight("", ServerHabits.PLAIN, Duration.ofMillis(200));
    static final Sight LAGGING =
        new Sight(
            ", gauges lag 40 tokens",
            new ServerHabits(0, Duration.ofMillis(800)),
            Duration.ofMillis(200));
    static final Sight NONE = new Sight(", no samples", ServerHabits.PLAIN, Duration.ZERO);
  }

  /**
   * A server counts as found after 5 s. Each doubling takes as long as the gauges lag, so a server
   * of 64 slots whose gauges lag has 10 s, and starts at 8 at least.
   */
  private static List<Figure> starts(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    for (var slots : List.of(4, 64)) {
      for (var sight : List.of(Sight.EXACT, Sight.LAGGING, Sight.NONE)) {
        var isSlow = slots == 64 && sight.equals(Sight.LAGGING);
        var warmUp = Duration.ofSeconds(isSlow ? 10 : 5);
        var under =
            new Case(
                ServerModel.of(slots).withHabits(sight.habits),
                SHAPE,
                2 * perSecond(slots),
                warmUp,
                Duration.ofSeconds(slots < 16 ? 1_800 : 300));
        var best = under.best(policy, List.of(slots), seed);
        for (var start : List.of(1, 8, 64)) {
          if (isSlow && start == 1) {
            continue;
          }
          var setup = learning(Map.of("startLimit", start));
          var learned = under.run(policy, setup, sight.scrapePeriod, seed);
          var name = slots + " slots, from " + start + sight.name;
          compare(figures, name, learned, best, 97, 1.2);
          figures.add(
              Figure.atMost(name + ": mean queue in the server", learned.meanWaitingInServer(), 1));
          var first =
              new Case(under.server, SHAPE, under.perSecond, warmUp, Duration.ofSeconds(10))
                  .run(policy, setup, sight.scrapePeriod, seed);
          figures.add(
              Figure.atMost(
                  name + ": mean queue in the next 10 s", first.meanWaitingInServer(), 1));
          figures.add(
              Figure.atLeast(
                  name + ": slots in use in the next 10 s, %", 100 * first.utilization(), 95));
        }
      }
    }
    return figures;
  }

  /** Prompts of a length, and the limits among which the best one is. */
  private record Prompts(long tokens, List<Integer> limits, int seconds) {}

  /**
   * A server that is short of reading prompts is kept busy only if some requests wait in it. So its
   * queue is compared with that under the best fixed limit, which may be longer than one. The most
   * that ran is a coarse measure of a server that generates five answers at a time, and a late
   * first token of one whose queue is never empty. So the bounds of these are wider.
   */
  private static List<Figure> prompts(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    var server = ServerModel.of(64).withHabits(new ServerHabits(1, Duration.ZERO));
    for (var prompts :
        List.of(
            new Prompts(400, List.of(52, 56, 60, 64), 600),
            new Prompts(1_600, List.of(20, 22, 24, 26, 28, 32), 2_400),
            new Prompts(8_000, List.of(5, 6, 7, 8, 10), 6_000))) {
      var tokens = prompts.tokens;
      var shape = Runs.shape(tokens / 2, tokens * 3 / 2, 100, 300);
      var capacity = Math.min(8_000.0 / tokens, 64 / (tokens / 8_000.0 + 4));
      var measured = Duration.ofSeconds(prompts.seconds);
      var under = new Case(server, shape, capacity, Duration.ofSeconds(5), measured);
      var best = under.best(policy, prompts.limits, seed);
      // Without samples, waiting for a long prompt to be read looks like reading a long prompt.
      for (var millis : tokens < 8_000 ? List.of(50, 1_000, 0) : List.of(50, 1_000)) {
        var learned = under.run(policy, learning(), Duration.ofMillis(millis), seed);
        var name = "prompts of " + tokens + ", " + (millis == 0 ? "no samples" : millis + " ms");
        var isHard = millis == 0 || tokens == 8_000;
        compare(figures, name, learned, best, millis == 0 ? 92 : 97, isHard ? 1.6 : 1.2);
        figures.add(
            Figure.atMost(
                name + ": mean queue in the server, times the best fixed limit's, or of one",
                learned.meanWaitingInServer() / Math.max(1, best.meanWaitingInServer()),
                isHard ? 1.8 : 1.2));
      }
    }
    return figures;
  }

  private static void compare(
      List<Figure> figures,
      String name,
      SimulationResult learned,
      SimulationResult best,
      double tokens,
      double wait) {
    figures.add(
        Figure.atLeast(
            name + ": tokens/s, % of the best fixed limit",
            100 * tokens(learned) / tokens(best),
            tokens));
    figures.add(
        Figure.atMost(
            name + ": p99 of important requests, times the best fixed limit's",
            importantP99(learned) / importantP99(best),
            wait));
  }
}
