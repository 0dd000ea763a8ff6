package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;
import static dev.sluice.simulation.experiments.Runs.SLOTS;

import dev.sluice.simulation.pool.ModelGap;
import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.pool.Window;
import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.Caller;
import dev.sluice.simulation.workload.RequestShape;
import dev.sluice.simulation.workload.Traffic;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The experiments about fairness between flows and between tenants. Stateless. */
final class FairnessSheet {
  private static final List<Policy> ALL =
      List.of(Policy.SLUICE, Policy.FCFS, Policy.ROUND_ROBIN, Policy.PROGRAM_AWARE, Policy.VTC);
  private static final RequestShape SMALL = Runs.shape(64, 512, 32, 128);
  private static final RequestShape LARGE = Runs.shape(512, 2_048, 256, 512);

  private FairnessSheet() {}

  static List<Experiment> experiments() {
    return List.of(
        new Experiment(
            "E1a",
            "Two overloaded flows, exact costs: the bound of fair queueing",
            ALL,
            FairnessSheet::exactGap),
        new Experiment(
            "E1b", "Two overloaded flows, predicted costs", ALL, FairnessSheet::predictedGap),
        new Experiment(
            "E1c",
            "Theorem G1 on 200 random traces with random predictors",
            List.of(Policy.SLUICE),
            ServiceGapTheorem::violations),
        new Experiment("E2", "Weights 1:2:4", ALL, FairnessSheet::weights),
        new Experiment("E3", "Idle time is no credit", ALL, FairnessSheet::idleReturn),
        new Experiment("E4", "No starvation", ALL, FairnessSheet::firstDispatch),
        new Experiment("E4b", "No starvation by newcomers", ALL, FairnessSheet::newcomers),
        new Experiment("E5", "A hog hardly delays other flows", ALL, FairnessSheet::hog),
        new Experiment(
            "E15",
            "Time without an eligible endpoint is no credit",
            ALL,
            FairnessSheet::ineligible),
        new Experiment("E16", "Opening more flows gains nothing", ALL, FairnessSheet::tenants),
        new Experiment(
            "E20",
            "Forgetting idle flows changes no decision",
            List.of(Policy.SLUICE),
            FairnessSheet::forgetting),
        new Experiment(
            "E21",
            "The engine's decisions per second on this machine",
            List.of(Policy.SLUICE),
            DecisionSpeed::measure),
        new Experiment(
            "E22",
            "The same inputs give the same decisions, under any names of flows",
            List.of(Policy.SLUICE),
            FairnessSheet::determinism));
  }

  private static List<Traffic> unequal() {
    return List.of(Runs.traffic("A", 3, LARGE), Runs.traffic("B", 27, SMALL));
  }

  private static List<Figure> exactGap(Policy policy, long seed) {
    var gap = new ServiceGap("A", "B");
    var worst = new double[] {Double.NEGATIVE_INFINITY};
    var beyond =
        new Watch() {
          @Override
          public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
            worst[0] = Math.max(worst[0], gap.largest() - gap.largestCosts());
          }
        };
    Runs.run(
        new Setup(SLOTS).predictor("limit"),
        policy,
        Runs.pool(),
        Runs.exact(Runs.workload(seed, 600, unequal())),
        600,
        seed,
        gap,
        beyond);
    return List.of(Figure.atMost("gap beyond cmaxA + cmaxB, tokens", worst[0], 0));
  }

  private static List<Figure> predictedGap(Policy policy, long seed) {
    var gap = new ServiceGap("A", "B");
    var result =
        Runs.run(
            new Setup(SLOTS),
            policy,
            Runs.pool(),
            Runs.workload(seed, 600, unequal()),
            600,
            seed,
            gap);
    return List.of(
        Figure.atMost("gap, tokens", gap.largest(), 20_000),
        Figure.atLeast("Jain", result.jain(), 0.999),
        Figure.atLeast("utilization", result.utilization(), 0.99));
  }

  private static List<Figure> weights(Policy policy, long seed) {
    var sources = new ArrayList<Traffic>();
    var setup = new Setup(SLOTS);
    for (var weight : List.of(1, 2, 4)) {
      sources.add(Runs.traffic("w" + weight, 27, SMALL));
      setup.weight("w" + weight, weight);
    }
    var result = Runs.run(setup, policy, Runs.pool(), Runs.workload(seed, 300, sources), 300, seed);
    var worst = 0.0;
    for (var weight : List.of(1, 2, 4)) {
      var tenant = result.tenants().get("w" + weight);
      var share = tenant == null ? 0 : tenant.share();
      worst = Math.max(worst, Math.abs(share - weight / 7.0));
    }
    return List.of(Figure.atMost("deviation of a share, points", 100 * worst, 1));
  }

  /** Flow B asks for little, then for nothing, and then comes back with as much load as flow A. */
  private static List<Figure> idleReturn(Policy policy, long seed) {
    var sources =
        List.of(
            Runs.traffic("A", 27, SMALL),
            Runs.traffic("B", 5, SMALL).between(0, 60 * SECOND),
            Runs.traffic("B", 27, SMALL).between(240 * SECOND, 300 * SECOND));
    var shares = new ShareMeter(240 * SECOND, 270 * SECOND);
    var stall = new Stall("A", 240 * SECOND);
    Runs.run(
        new Setup(SLOTS),
        policy,
        Runs.pool(),
        Runs.workload(seed, 300, sources),
        300,
        seed,
        shares,
        stall);
    return List.of(
        Figure.atLeast("B's share of its first 30 s", shares.share("B"), 0.45),
        Figure.atMost("B's share of its first 30 s", shares.share("B"), 0.55),
        Figure.atMost("A's longest stall, s", stall.longestSeconds(300 * SECOND), 2));
  }

  /** The number of requests that are served before a newcomer's, relative to the waiting flows. */
  private static List<Figure> firstDispatch(Policy policy, long seed) {
    var sources = new ArrayList<Traffic>();
    for (var i = 0; i < 10; i++) {
      sources.add(Runs.traffic("steady-" + i, 4, SMALL));
    }
    var watch = new FirstDispatch("fresh-");
    var fresh = new ArrayList<Traffic>();
    for (var i = 0; i < 100; i++) {
      fresh.add(
          Runs.traffic("fresh-" + i, 20, SMALL).between((20 + i) * SECOND, (21 + i) * SECOND));
    }
    sources.addAll(fresh);
    Runs.run(
        new Setup(SLOTS).predictor("limit"),
        policy,
        Runs.pool(),
        Runs.exact(Runs.workload(seed, 130, sources)),
        130,
        seed,
        watch);
    return List.of(
        Figure.atMost(
            "dispatches of other flows before the first / (flows - 1)", watch.worst(), 1));
  }

  /** When a request ends, new flows arrive, while one flow waits from the start. */
  private static List<Figure> newcomers(Policy policy, long seed) {
    var flows = 20;
    var watch = new FirstDispatch("old");
    Runs.run(
        new Setup(SLOTS).predictor("limit"),
        policy,
        Runs.pool(),
        new EndlessNewcomers(flows, seed),
        120,
        seed,
        watch);
    return List.of(
        Figure.atMost(
            "dispatches of other flows / flows at its arrival", watch.othersOf() / flows, 1));
  }

  private static List<Figure> hog(Policy policy, long seed) {
    var shape = Runs.shape(256, 768, 80, 240);
    var perSecond = SLOTS / (512 / 8_000.0 + 160 * 0.02);
    var sources = new ArrayList<Traffic>();
    sources.add(Runs.traffic("hog", 10 * perSecond, shape));
    for (var i = 0; i < 7; i++) {
      sources.add(Runs.traffic("victim-" + i, perSecond / 16, shape));
    }
    var waits = new Waits("victim-");
    var result =
        Runs.run(
            new Setup(SLOTS),
            policy,
            Runs.pool(),
            Runs.workload(seed, 300, sources),
            300,
            seed,
            waits);
    return List.of(
        Figure.atLeast("victims served, %", 100 * waits.servedShare(), 99.5),
        Figure.atMost("victims' p99 wait, slot releases", waits.p99Seconds() * perSecond, 16),
        Figure.atLeast("utilization", result.utilization(), 0.995));
  }

  private static List<Figure> ineligible(Policy policy, long seed) {
    var gap = new ModelGap("b", new Window(Duration.ofSeconds(60), Duration.ofSeconds(180)));
    var model = ServerModel.of(SLOTS).serving(Set.of("a", "b"), Set.of()).without(gap);
    var sources =
        List.of(
            Runs.traffic(Caller.of("A").withModel("a", ""), 27, SMALL),
            Runs.traffic(Caller.of("B").withModel("b", ""), 27, SMALL));
    var shares = new ShareMeter(180 * SECOND, 210 * SECOND);
    Runs.run(
        new Setup(SLOTS),
        policy,
        PoolModel.of(1, model),
        Runs.workload(seed, 240, sources),
        240,
        seed,
        shares);
    return List.of(
        Figure.atLeast("B's share after its release", shares.share("B"), 0.45),
        Figure.atMost("B's share after its release", shares.share("B"), 0.55));
  }

  private static List<Figure> tenants(Policy policy, long seed) {
    var sources = new ArrayList<Traffic>();
    sources.add(Runs.traffic("one", 27, SMALL));
    var ofMany = new ArrayList<String>();
    for (var i = 0; i < 9; i++) {
      ofMany.add("many-" + i);
      sources.add(Runs.traffic(Caller.of("many").withFlow("many-" + i), 9, SMALL));
    }
    var shares = new ShareMeter(0, 300 * SECOND);
    var result =
        Runs.run(
            new Setup(SLOTS),
            policy,
            Runs.pool(),
            Runs.workload(seed, 300, sources),
            300,
            seed,
            shares);
    var one = result.tenants().get("one");
    return List.of(
        Figure.atMost(
            "deviation of a tenant's share, points",
            one == null ? 50 : 100 * Math.abs(one.share() - 0.5),
            1),
        Figure.atLeast("Jain within the tenant", shares.jain(ofMany), 0.999));
  }

  private static List<Figure> forgetting(Policy policy, long seed) {
    return List.of(
        Figure.atMost(
            "different decisions",
            fleeting(policy, seed, Duration.ofMillis(1), "")
                    == fleeting(policy, seed, Duration.ofMinutes(10), "")
                ? 0
                : 1,
            0));
  }

  private static List<Figure> determinism(Policy policy, long seed) {
    var timeout = Duration.ofMinutes(5);
    var once = fleeting(policy, seed, timeout, "");
    return List.of(
        Figure.atMost(
            "different decisions of a second run",
            once == fleeting(policy, seed, timeout, "") ? 0 : 1,
            0),
        Figure.atMost(
            "different decisions when flows have other names",
            once == fleeting(policy, seed, timeout, "renamed") ? 0 : 1,
            0));
  }

  /** Runs forty flows that come and go, and returns the hash of all decisions. */
  private static long fleeting(Policy policy, long seed, Duration idleTimeout, String naming) {
    var sources = new ArrayList<Traffic>();
    for (var i = 0; i < 40; i++) {
      // Other names have another order and other hashes.
      var name = naming.isEmpty() ? "f" + i : naming + (i * 7919L) % 40 + "-" + (97 - i);
      sources.add(Runs.traffic(name, 0.2 + i % 4 * 0.3, SMALL));
    }
    return Runs.run(
            new Setup(SLOTS).flowIdleTimeout(idleTimeout),
            policy,
            Runs.pool(),
            Runs.workload(seed, 300, sources),
            300,
            seed)
        .decisionHash();
  }
}
