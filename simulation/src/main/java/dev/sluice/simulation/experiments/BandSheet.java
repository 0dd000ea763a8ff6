package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;
import static dev.sluice.simulation.experiments.Runs.SLOTS;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.Caller;
import dev.sluice.simulation.workload.MergedWorkload;
import dev.sluice.simulation.workload.RequestShape;
import dev.sluice.simulation.workload.Traffic;
import dev.sluice.simulation.workload.Workload;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** Experiments on the promises between bands, and on the rules of a full queue. */
final class BandSheet {
  private static final RequestShape SHAPE = Runs.shape(64, 512, 32, 256);
  private static final double LARGEST_COST = 1_024;

  private BandSheet() {}

  static List<Experiment> experiments() {
    var fcfs =
        new Policy(
            "tail drop",
            true,
            0,
            setup -> setup.fairness("best-head").admission("none").maxRequests(200, false));
    var displacementOnly =
        new Policy("displacement only", true, 0, setup -> setup.admission("none"));
    var weighted = new Policy("weighted", true, 0, setup -> setup.bands("weighted"));
    return List.of(
        new Experiment(
            "E6", "Strict bands", List.of(Policy.SLUICE, weighted), BandSheet::strictBands),
        new Experiment(
            "E7",
            "Reserved shares of lower bands",
            List.of(
                Policy.SLUICE,
                new Policy("strict", true, 0, setup -> setup.bands("strict")),
                weighted),
            BandSheet::reserves),
        new Experiment(
            "E25",
            "The more important of two bands never gets less, and none starves",
            List.of(
                Policy.SLUICE,
                new Policy("strict", true, 0, setup -> setup.bands("strict")),
                weighted),
            BandSheet::order),
        new Experiment(
            "E8",
            "A full queue makes room for priority, and a hog loses its own requests",
            List.of(Policy.SLUICE, fcfs, displacementOnly),
            BandSheet::fullQueue));
  }

  private static List<Traffic> threeBands(double perSecond) {
    var sources = new ArrayList<Traffic>();
    for (var priority = 0; priority < 3; priority++) {
      var caller = Caller.of("band-" + priority).withPriority(priority);
      sources.add(Runs.traffic(caller, perSecond, SHAPE));
    }
    return sources;
  }

  /** With nothing reserved, the default is as strict. */
  private static List<Figure> strictBands(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    for (var bands : List.of("strict", "strict-reserve")) {
      var setup = new Setup(SLOTS).bands(bands).reserve(0, 0).reserve(1, 0).reserve(2, 0);
      var workload = Runs.workload(seed, 300, threeBands(6));
      var result = Runs.run(setup, policy, Runs.pool(), workload, 300, seed);
      figures.add(Figure.atMost("inversions, " + bands, (double) result.inversions(), 0));
    }
    return figures;
  }

  private static List<Figure> reserves(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    for (var shares : List.of(new double[] {0.05, 0.10}, new double[] {0.1, 0.2})) {
      for (var exact : List.of(true, false)) {
        var setup =
            new Setup(SLOTS)
                .bands("strict-reserve")
                .reserve(0, shares[0])
                .reserve(1, shares[1])
                .predictor(exact ? "limit" : "ema");
        var low = new Deficit(0, shares[0]);
        var middle = new Deficit(1, shares[1]);
        var workload = Runs.workload(seed, 600, threeBands(30));
        Runs.run(
            setup,
            policy,
            Runs.pool(),
            exact ? Runs.exact(workload) : workload,
            600,
            seed,
            low,
            middle);
        var kind = exact ? "exact" : "predicted";
        for (var band : List.of(low, middle)) {
          figures.add(
              Figure.atLeast(
                  "share of a band with " + band.reserved + ", " + kind + ", %",
                  100 * band.share(),
                  100 * band.reserved - 0.5));
          figures.add(
              Figure.atMost(
                  "owed to a band with " + band.reserved + ", " + kind + ", largest requests",
                  band.worst / LARGEST_COST,
                  exact ? 2 : 3));
        }
      }
    }
    return figures;
  }

  /**
   * Gold, silver and batch want everything, and nothing is configured. A band above them once had a
   * request, and one below them.
   */
  private static List<Figure> order(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    for (var exact : List.of(true, false)) {
      var sources = new ArrayList<Traffic>(threeBands(30));
      sources.add(once(9));
      sources.add(once(-5));
      var workload = Runs.workload(seed, 600, sources);
      var setup = new Setup(SLOTS).bands("strict-reserve").predictor(exact ? "limit" : "ema");
      var gold = new Deficit(2, 0.95);
      var silver = new Deficit(1, 0.025);
      var batch = new Deficit(0, 0.0125);
      Runs.run(
          setup,
          policy,
          Runs.pool(),
          exact ? Runs.exact(workload) : workload,
          600,
          seed,
          gold,
          silver,
          batch);
      var kind = exact ? "exact" : "predicted";
      figures.add(Figure.atLeast("share of gold, " + kind + ", %", 100 * gold.share(), 94.5));
      figures.add(Figure.atLeast("share of silver, " + kind + ", %", 100 * silver.share(), 2.4));
      figures.add(Figure.atLeast("share of batch, " + kind + ", %", 100 * batch.share(), 1.2));
      figures.add(
          Figure.atLeast(
              "silver's service beside batch's, " + kind, silver.share() / batch.share(), 1));
      for (var band : List.of(silver, batch)) {
        figures.add(
            Figure.atMost(
                "owed to a band with " + band.reserved + ", " + kind + ", largest requests",
                band.worst / LARGEST_COST,
                exact ? 2 : 3));
      }
    }
    return figures;
  }

  /** A caller with a handful of requests in all. */
  private static Traffic once(int priority) {
    return Runs.traffic(Caller.of("once-" + priority).withPriority(priority), 0.01, SHAPE);
  }

  /** Room for 200; a hog, nine light flows, and bursts of high priority half of the time. */
  private static List<Figure> fullQueue(Policy policy, long seed) {
    var shape = Runs.shape(256, 768, 80, 240);
    var sources = new ArrayList<Traffic>();
    sources.add(Runs.traffic("hog", 60, shape));
    for (var i = 0; i < 9; i++) {
      sources.add(Runs.traffic("light-" + i, 0.5, shape));
    }
    var seconds = 600;
    var workload =
        new MergedWorkload(List.of(Runs.workload(seed, seconds, sources), bursts(seconds)));
    var losses = new Losses();
    var rules = new DisplacementRules(200);
    var result =
        Runs.run(
            new Setup(SLOTS).admission("dynamic-threshold").maxRequests(200, true),
            policy,
            Runs.pool(),
            workload,
            seconds,
            seed,
            losses,
            rules);
    var mean = 0.0;
    var most = 0.0;
    for (var i = 0; i < 9; i++) {
      var loss = losses.of("light-" + i);
      mean += loss / 9;
      most = Math.max(most, loss);
    }
    return List.of(
        Figure.atMost("inversions", (double) result.inversions(), 0),
        Figure.atMost("high priority lost, %", 100 * losses.of("high"), 0),
        Figure.atMost("light flows lost on average, %", 100 * mean, 5),
        Figure.atMost("lost by the worst light flow, %", 100 * most, 10),
        Figure.atLeast("hog lost, %", 100 * losses.of("hog"), 95),
        Figure.atMost("events that break D1 to D6", (double) rules.broken(), 0));
  }

  private static Workload bursts(int seconds) {
    var arrivals = new ArrayDeque<Arrival>();
    for (var at = 15; at < seconds; at += 30) {
      for (var i = 0; i < 150; i++) {
        arrivals.add(
            new Arrival(
                at * SECOND,
                "high",
                "high",
                10,
                "",
                "",
                512,
                0,
                160,
                -1,
                -1,
                -1,
                2_048,
                List.of()));
      }
    }
    return arrivals::poll;
  }

  /** The most that a band was owed of its reserved share: {@code rho * C - S}. */
  private static final class Deficit implements Watch {
    private final int priority;
    private final double reserved;
    private double all;
    private double own;
    private double worst;

    Deficit(int priority, double reserved) {
      this.priority = priority;
      this.reserved = reserved;
    }

    double share() {
      return own / all;
    }

    @Override
    public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
      if (nowNanos < 30 * SECOND) {
        return; // until all bands have a backlog
      }
      var cost = Costs.of(arrival);
      all += cost;
      if (arrival.priority() == priority) {
        own += cost;
      }
      worst = Math.max(worst, reserved * all - own);
    }
  }
}
