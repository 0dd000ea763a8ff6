package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;
import static dev.sluice.simulation.experiments.Runs.SLOTS;

import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.RequestShape;
import dev.sluice.simulation.workload.Traffic;
import dev.sluice.simulation.workload.Workload;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/** What is promised to the tenants that share a queue of one band. */
final class QueueShareSheet {
  private static final RequestShape SHAPE = Runs.shape(256, 768, 80, 240);

  /** What the pool can serve: 9.8 requests a second. */
  private static final double PER_SECOND = SLOTS / (512 / 8_000.0 + 160 * 0.02);

  private static final int PLACES = 200;
  private static final int SECONDS = 200;

  private QueueShareSheet() {}

  static List<Experiment> experiments() {
    return List.of(
        new Experiment(
            "E26",
            "A lone hog locks nobody out, and a lone burst loses nothing",
            List.of(
                Policy.SLUICE,
                new Policy("none", true, 0, setup -> setup.admission("none")),
                new Policy("static", true, 0, setup -> setup.admission("static"))),
            QueueShareSheet::loneHog));
  }

  private static List<Figure> loneHog(Policy policy, long seed) {
    var figures = new ArrayList<Figure>();
    for (var times : List.of(3, 6, 20)) {
      for (var light : List.of(1, 9)) {
        var setup = setup().maxRequests(PLACES, true);
        figures.add(
            Figure.atMost(
                "lost by a light flow of " + light + ", hog of " + times + " times the pool, %",
                lostByLight(setup, policy, times * PER_SECOND, light, seed),
                1));
      }
    }
    var usual = setup().maxRequests(5_000, true).timeToLive(Duration.ofSeconds(60));
    figures.add(
        Figure.atMost(
            "lost by a light flow of 1, hog of 200/s, 5,000 places for 60 s, %",
            lostByLight(usual, policy, 200, 1, seed), 1));
    figures.add(Figure.atMost("lost of a burst of a lone flow, %", lostOfBurst(policy, seed), 0));
    return figures;
  }

  private static Setup setup() {
    return new Setup(SLOTS).admission("dynamic-threshold");
  }

  /** What the light flow loses that loses most; each asks for a twentieth of the pool. */
  private static double lostByLight(
      Setup setup, Policy policy, double hogPerSecond, int light, long seed) {
    var sources = new ArrayList<Traffic>();
    sources.add(Runs.traffic("hog", hogPerSecond, SHAPE));
    for (var i = 0; i < light; i++) {
      sources.add(Runs.traffic("light-" + i, 0.5, SHAPE));
    }
    var losses = new Losses();
    Runs.run(
        setup, policy, Runs.pool(), Runs.workload(seed, SECONDS, sources), SECONDS, seed, losses);
    var most = 0.0;
    for (var i = 0; i < light; i++) {
      most = Math.max(most, losses.of("light-" + i));
    }
    return 100 * most;
  }

  /** A flow that is alone offers as many requests at once as there are slots and places. */
  private static double lostOfBurst(Policy policy, long seed) {
    var losses = new Losses();
    Runs.run(
        setup().maxRequests(PLACES, true),
        policy,
        Runs.pool(),
        burst(SLOTS + PLACES),
        60,
        seed,
        losses);
    return 100 * losses.of("burst");
  }

  private static Workload burst(int requests) {
    var arrivals = new ArrayDeque<Arrival>();
    for (var i = 0; i < requests; i++) {
      arrivals.add(
          new Arrival(
              SECOND, "burst", "burst", 0, "", "", 512, 0, 160, -1, -1, -1, 2_048, List.of()));
    }
    return arrivals::poll;
  }
}
