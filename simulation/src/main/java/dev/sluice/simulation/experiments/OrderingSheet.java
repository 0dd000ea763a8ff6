package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;
import static dev.sluice.simulation.experiments.Runs.SLOTS;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.Caller;
import dev.sluice.simulation.workload.RequestShape;
import dev.sluice.simulation.workload.Traffic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Experiments on the order inside a flow. */
final class OrderingSheet {
  /**
   * The bounds. If all requests cost the same, no order can serve more than one in {@code load}.
   * Long prompts that cannot be read in time cost more.
   */
  private static final RequestShape SHAPE = Runs.shape(64, 4_096, 16, 64);

  private static final int[] SLO_SECONDS = {1, 5, 60};
  private static final double[] SHARES = {0.6, 0.3, 0.1};

  /** Requests per second that the pool can serve. */
  private static final double PER_SECOND = SLOTS / (2_080 / 8_000.0 + 40 * 0.02);

  private OrderingSheet() {}

  static List<Experiment> experiments() {
    return List.of(
        new Experiment(
            "E11",
            "Objectives of 1, 5 and 60 s: deadlines that can be met are met",
            List.of(
                Policy.SLUICE,
                new Policy("fcfs", true, 0, setup -> setup.ordering("fcfs", Map.of())),
                new Policy("edf", true, 0, setup -> setup.ordering("slo-deadline", Map.of()))),
            OrderingSheet::objectives),
        new Experiment(
            "E12",
            "Shortest first, and no request waits for ever",
            List.of(
                Policy.SLUICE,
                new Policy("fcfs", true, 0, setup -> setup.ordering("fcfs", Map.of())),
                new Policy("sjf", true, 0, setup -> setup.promotion(0, Duration.ofSeconds(30)))),
            OrderingSheet::shortestFirst));
  }

  private static List<Figure> objectives(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    var loads = new double[] {0.9, 1.2, 1.5};
    var bounds = new double[] {0.99, 0.85, 0.65};
    for (var i = 0; i < loads.length; i++) {
      var load = loads[i];
      var met = objectives(policy, load, seed);
      figures.add(Figure.atLeast("objectives met at load " + load, met.share(), bounds[i]));
      figures.add(Figure.atMost("late dispatches at load " + load, met.late, 0));
      if (load == 1.2) {
        var ofFcfs = objectives(policyOf("fcfs"), load, seed);
        figures.add(
            Figure.atLeast(
                "objectives met at load 1.2, times fcfs", met.share() / ofFcfs.share(), 10));
      }
    }
    return figures;
  }

  private static Policy policyOf(String ordering) {
    return new Policy(ordering, true, 0, setup -> setup.ordering(ordering, Map.of()));
  }

  private static Objectives objectives(Policy policy, double load, long seed) {
    var met = new Objectives();
    var caller = Caller.of("flow");
    var sources = new ArrayList<Traffic>();
    for (var i = 0; i < SHARES.length; i++) {
      sources.add(
          Runs.traffic(
              caller, load * PER_SECOND * SHARES[i], SHAPE.withSlo(SLO_SECONDS[i] * SECOND)));
    }
    Runs.run(
        new Setup(SLOTS).ordering("edf-feasible", Map.of()),
        policy,
        Runs.pool(),
        Runs.workload(seed, 600, sources),
        600,
        seed,
        met);
    return met;
  }

  /** Counts objectives that were met and missed; requests still queued at the end are left out. */
  private static final class Objectives implements Watch {
    private double met;
    private double late;
    private double shed;

    double share() {
      return met / (met + late + shed);
    }

    @Override
    public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
      var prefill = (long) (arrival.inputTokens() / 8_000.0 * SECOND);
      if (waitedNanos + prefill > arrival.sloNanos()) {
        late++;
      } else {
        met++;
      }
    }

    @Override
    public void refused(Arrival arrival, long nowNanos, String reason) {
      shed++;
    }
  }

  private static List<Figure> shortestFirst(Policy policy, long seed) {
    var caller = Caller.of("flow");
    var shortOnes = Runs.shape(64, 512, 16, 64);
    var longOnes = Runs.shape(512, 1_024, 256, 512);
    var shortService = 288 / 8_000.0 + 40 * 0.02;
    var longService = 768 / 8_000.0 + 384 * 0.02;
    var sources =
        List.of(
            Runs.traffic(caller, 1.2 * 0.45 * SLOTS / shortService, shortOnes),
            Runs.traffic(caller, 1.2 * 0.55 * SLOTS / longService, longOnes));
    var served = new Served();
    var setup =
        new Setup(SLOTS)
            .predictor("limit")
            .ordering("sjf-aged", Map.of("delayPerToken", Duration.ofSeconds(10)))
            .promotion(4, Duration.ofSeconds(30))
            .timeToLive(Duration.ofSeconds(60));
    Runs.run(
        setup,
        policy,
        Runs.pool(),
        Runs.exact(Runs.workload(seed, 600, sources)),
        600,
        seed,
        served);
    return List.of(
        Figure.atMost("longest wait, s", served.longestWait / (double) SECOND, 60),
        Figure.atLeast("short requests served", served.share(0), 0.94),
        Figure.atLeast("long requests served", served.share(1), 0.70));
  }

  private static final class Served implements Watch {
    private final double[] offered = new double[2];
    private final double[] dispatched = new double[2];
    private long longestWait;

    double share(int kind) {
      return dispatched[kind] / offered[kind];
    }

    /** Requests still queued at the end are left out. */
    @Override
    public void refused(Arrival arrival, long nowNanos, String reason) {
      offered[kind(arrival)]++;
    }

    @Override
    public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
      offered[kind(arrival)]++;
      dispatched[kind(arrival)]++;
      longestWait = Math.max(longestWait, waitedNanos);
    }

    private static int kind(Arrival arrival) {
      return arrival.outputTokens() > 100 ? 1 : 0;
    }
  }
}
