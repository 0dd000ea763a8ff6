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
    return result.bands().get(IMPORTANT).ttftP99();
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

  /**
   * An endpoint that is flooded at its start takes as long as it takes to serve the flood, so no
   * start is far above what it serves. Gauges that lag make each doubling as slow as they are.
   */
  private static List<Figure> starts(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    var lagging = new ServerHabits(0, Duration.ofMillis(800));
    for (var habits : List.of(ServerHabits.PLAIN, lagging)) {
      var isLagging = habits.equals(lagging);
      for (var slots : isLagging ? List.of(4) : List.of(4, 64)) {
        var under =
            new Case(
                ServerModel.of(slots).with(habits),
                SHAPE,
                2 * perSecond(slots),
                Duration.ofSeconds(5),
                Duration.ofSeconds(slots < 16 ? 600 : 120));
        var best = under.best(policy, List.of(slots), seed);
        for (var start : slots < 8 ? List.of(1, 8) : List.of(1, 8, 64)) {
          var setup = learning(Map.of("startLimit", start));
          var learned = under.run(policy, setup, Duration.ofMillis(200), seed);
          var name = slots + " slots, from " + start + (isLagging ? ", gauges lag 40 tokens" : "");
          compare(figures, name, learned, best, 97, 1.2);
          figures.add(
              Figure.atMost(name + ": mean queue in the server", learned.meanWaitingInServer(), 1));
        }
      }
    }
    return figures;
  }

  private static List<Figure> prompts(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    var server = ServerModel.of(64).with(new ServerHabits(1, Duration.ZERO));
    for (var promptTokens : List.of(400L, 1_600L, 8_000L)) {
      var shape = Runs.shape(promptTokens / 2, promptTokens * 3 / 2, 100, 300);
      var capacity = Math.min(8_000.0 / promptTokens, 64 / (promptTokens / 8_000.0 + 4));
      var under =
          new Case(server, shape, capacity, Duration.ofSeconds(60), Duration.ofSeconds(600));
      var best = under.best(policy, List.of(2, 4, 6, 8, 12, 16, 24, 32, 48, 64), seed);
      // Without samples, waiting for a long prompt to be read looks like reading a long prompt.
      for (var millis : promptTokens < 8_000 ? List.of(50, 1_000, 0) : List.of(50, 1_000)) {
        var learned = under.run(policy, learning(), Duration.ofMillis(millis), seed);
        var name =
            "prompts of " + promptTokens + ", " + (millis == 0 ? "no samples" : millis + " ms");
        compare(figures, name, learned, best, 95, 1.3);
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
