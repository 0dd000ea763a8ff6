package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.model.Knobs.Band;
import dev.sluice.flowcontrol.model.Knobs.Detector;
import dev.sluice.flowcontrol.model.Knobs.Fairness;
import dev.sluice.flowcontrol.model.Knobs.Ordering;
import dev.sluice.flowcontrol.model.Knobs.Tenant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * Makes up commands that keep an engine busy: overloaded most of the time, at its limits often, in
 * every corner now and then. It looks at the model to name requests that exist.
 *
 * <p>A reconfiguration changes one knob, or all of a band or tenant:
 *
 * <ul>
 *   <li>of {@code FlowControlConfig}: both total limits, displacement, both times to live, detector
 *       (built-in and scripted, by concurrency), usage limit, queue admission, cost model,
 *       predictor, policies between bands and of displacement (between flows, inside a flow), both
 *       idle timeouts, the longest request duration, both templates, listed bands that come and go,
 *       the default tenant and listed tenants;
 *   <li>of {@code BandConfig}: four limits, time to live, weight and reserve, promotion, three
 *       policies between flows, two orders, two queues;
 *   <li>of {@code TenantConfig}: weight, three limits, weights of its flows.
 * </ul>
 */
final class RandomCommands {
  private static final int[] PRIORITIES = {10, 5, 5, 0, 0, 0, -1, -1, -7, 3};
  private static final String[] FLOWS = {"a", "b", "c", "d", "e", "f"};
  private static final String[] MODELS = {"", "m", "n"};
  private static final String[] MANY_MODELS = {
    "", "m", "n", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k"
  };
  private static final double[] CEILINGS = {1.0, 1.0, 1.0, 0.75, 0.5, 0.25, Double.NaN};
  private static final int CROWD = 600;
  private static final double[] WEIGHTS = {0.5, 1, 1, 2, 4};

  private static final Fairness[] FAIRNESS = Fairness.values();
  private static final Ordering[] ORDERINGS = Ordering.values();
  private static final Knobs.Predictor[] PREDICTORS = Knobs.Predictor.values();
  private static final Knobs.Bands[] BANDS = Knobs.Bands.values();
  private static final Knobs.Admission[] ADMISSIONS = Knobs.Admission.values();
  private static final Knobs.Displacement[] DISPLACEMENTS = Knobs.Displacement.values();
  private static final Knobs.Victim[] VICTIMS = Knobs.Victim.values();

  private final Random random;
  private final boolean severalModels;

  /** A flow has more queues than it keeps when they are idle. */
  private final boolean manyModels;

  private final boolean sharedTenants;
  private final boolean deadlines;
  private final boolean manyBands;

  /** Hundreds of requests wait before the first may go: more than one hold of the lock decides. */
  private final boolean crowded;

  private int offers;

  RandomCommands(long seed) {
    random = new Random(seed);
    severalModels = random.nextInt(3) == 0;
    sharedTenants = random.nextInt(3) == 0;
    deadlines = random.nextBoolean();
    manyBands = random.nextInt(15) == 0;
    crowded = random.nextInt(40) == 0;
    manyModels = severalModels && !manyBands && !crowded && seed % 3 == 0;
  }

  /** A configuration to begin with. */
  Knobs knobs() {
    var knobs =
        Knobs.DEFAULT
            .withMaxRequests(random.nextInt(4) == 0 ? 0 : 4 + random.nextInt(20))
            .withMaxBytes(random.nextInt(3) == 0 ? 40 + random.nextInt(100) : 0)
            .withDefaultTtl(random.nextInt(3) == 0 ? 5 + random.nextInt(40) : 0)
            .withNoEndpointTtl(random.nextInt(3) == 0 ? 5 + random.nextInt(40) : 0)
            .withDetector(detector(), 1 + random.nextInt(4))
            .withMaxRequestDuration(random.nextInt(4) == 0 ? 20 + random.nextInt(100) : 1_000_000)
            .withPredictor(PREDICTORS[random.nextInt(PREDICTORS.length)])
            .withBandPolicy(BANDS[random.nextInt(BANDS.length)])
            .withAdmission(ADMISSIONS[random.nextInt(ADMISSIONS.length)])
            .withFlowDisplacement(DISPLACEMENTS[random.nextInt(DISPLACEMENTS.length)])
            .withRequestDisplacement(VICTIMS[random.nextInt(VICTIMS.length)])
            .withIdleTimeouts(idleTimeout(30), idleTimeout(60))
            .withTemplates(band(), band());
    for (var priority : new int[] {10, 5, 0}) {
      knobs = knobs.withBand(priority, band());
    }
    for (var i = random.nextInt(4); i > 0; i--) {
      knobs = knobs.withTenant(pick(FLOWS), tenant());
    }
    if (crowded) {
      knobs =
          knobs
              .withMaxRequests(0)
              .withMaxBytes(0)
              .withDetector(detector(), 100 + random.nextInt(300));
    }
    return knobs;
  }

  /** The next command. */
  Command next(NaiveEngine model) {
    if (crowded && offers < CROWD) {
      return random.nextInt(20) == 0 ? new Command.Advance(1) : offer();
    }
    var dice = random.nextInt(1000);
    var running = model.running();
    var queued = model.queued();
    if (dice < 430) {
      return offer();
    }
    if (dice < 640 && !running.isEmpty()) {
      return new Command.Complete(
          pick(running).number(), 1 + random.nextInt(30), random.nextInt(60));
    }
    if (dice < 690 && !queued.isEmpty()) {
      return new Command.Cancel(pick(queued).number());
    }
    if (dice < 720 && !running.isEmpty()) {
      return new Command.Close(pick(running).number());
    }
    if (dice < 760 && !running.isEmpty()) {
      var request = pick(running);
      var reported = request.reported;
      var before = reported == null ? 0 : reported.outputTokens();
      return new Command.Progress(
          request.number(), request.offer.inputTokens(), before + random.nextInt(40));
    }
    if (dice < 790 && !running.isEmpty()) {
      return new Command.Bind(pick(running).number(), "e" + random.nextInt(4));
    }
    if (dice < 820) {
      return pool();
    }
    if (dice < 860) {
      return new Command.Reconfigure(changed(model.state().knobs));
    }
    if (dice < 863) {
      // a caller that comes too late
      return random.nextBoolean()
          ? new Command.Cancel(random.nextInt(offers + 1))
          : new Command.Complete(random.nextInt(offers + 1), 1, 1);
    }
    if (dice < 890) {
      return new Command.Lag(1 + random.nextInt(10));
    }
    return new Command.Advance(random.nextInt(random.nextInt(10) == 0 ? 60 : 5));
  }

  /** A pool to begin with, and again whenever it changes. */
  Command.Pool pool() {
    if (crowded && offers < CROWD) {
      return new Command.Pool(List.of());
    }
    var endpoints = new ArrayList<Command.Endpoint>();
    for (var i = random.nextInt(4); i > 0; i--) {
      Set<String> models =
          !severalModels || random.nextInt(3) == 0
              ? Set.of()
              : Set.of(random.nextBoolean() ? "m" : "n");
      endpoints.add(
          new Command.Endpoint("e" + i, models, random.nextInt(6) != 0, random.nextInt(20) != 0));
    }
    return new Command.Pool(endpoints);
  }

  private Command.Offer offer() {
    var flow = manyModels && random.nextBoolean() ? "a" : pick(FLOWS);
    return new Command.Offer(
        ++offers,
        flow,
        sharedTenants ? (flow.compareTo("d") < 0 ? "x" : "y") : "",
        manyBands ? random.nextInt(100) - 50 : PRIORITIES[random.nextInt(PRIORITIES.length)],
        random.nextInt(20) == 0 ? random.nextInt(60) : random.nextInt(10),
        deadlines && random.nextInt(4) == 0 ? random.nextInt(30) : Command.Offer.UNSET,
        deadlines && random.nextInt(3) == 0 ? random.nextInt(40) - 2 : Command.Offer.UNSET,
        1 + random.nextInt(30),
        random.nextInt(60),
        manyModels ? pick(MANY_MODELS) : severalModels ? pick(MODELS) : "");
  }

  private Knobs changed(Knobs k) {
    return switch (random.nextInt(21)) {
      case 0 -> k.withMaxRequests(random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(20));
      case 1 -> k.withMaxBytes(random.nextInt(2) == 0 ? 0 : 10 + random.nextInt(100));
      case 2 -> k.withDisplacement(!k.displacement());
      case 3 -> k.withDefaultTtl(random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(40));
      case 4 -> k.withNoEndpointTtl(random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(40));
      case 5 -> k.withDetector(detector(), 1 + random.nextInt(4));
      case 6 -> k.withCeiling(PRIORITIES[random.nextInt(6)], CEILINGS[random.nextInt(7)]);
      case 7 -> k.withAdmissionMaxBytes(random.nextInt(2) == 0 ? 0 : 1 + random.nextInt(10));
      case 8, 9 -> k.withBand(PRIORITIES[random.nextInt(PRIORITIES.length)], band());
      case 12 -> k.withOutputWeight(1 + random.nextInt(3));
      case 10 ->
          k.withTenant(sharedTenants ? (random.nextBoolean() ? "x" : "y") : pick(FLOWS), tenant());
      case 11 ->
          random.nextBoolean()
              ? k.withTemplates(band(), k.negativeTemplate())
              : k.withTemplates(k.template(), band());
      case 13 -> k.withPredictor(PREDICTORS[random.nextInt(PREDICTORS.length)]);
      case 14 -> k.withBandPolicy(BANDS[random.nextInt(BANDS.length)]);
      case 15 -> k.withFlowDisplacement(DISPLACEMENTS[random.nextInt(DISPLACEMENTS.length)]);
      case 16 -> k.withIdleTimeouts(idleTimeout(30), idleTimeout(60));
      case 17 -> k.withDefaultTenant(tenant());
      case 18 -> k.withRequestDisplacement(VICTIMS[random.nextInt(VICTIMS.length)]);
      case 19 -> k.withAdmission(ADMISSIONS[random.nextInt(ADMISSIONS.length)]);
      default -> k.withoutBand(PRIORITIES[random.nextInt(PRIORITIES.length)]);
    };
  }

  private Detector detector() {
    return random.nextInt(3) == 0 ? Detector.CONCURRENCY : Detector.SCRIPTED;
  }

  private Band band() {
    if (crowded) {
      return Band.DEFAULT
          .withFairness(FAIRNESS[random.nextInt(FAIRNESS.length)])
          .withOrdering(ORDERINGS[random.nextInt(ORDERINGS.length)]);
    }
    return new Band(
        1 + random.nextInt(20),
        random.nextInt(3) == 0 ? 20 + random.nextInt(60) : 1_000_000,
        random.nextInt(3) == 0 ? 1 + random.nextInt(6) : 0,
        random.nextInt(4) == 0 ? 10 + random.nextInt(40) : 0,
        random.nextInt(3) == 0 ? random.nextInt(40) : Knobs.DEFAULT_TTL,
        FAIRNESS[random.nextInt(FAIRNESS.length)],
        ORDERINGS[random.nextInt(ORDERINGS.length)],
        random.nextInt(5),
        random.nextInt(3) == 0 ? random.nextInt(10) : Knobs.DEFAULT_TTL,
        WEIGHTS[random.nextInt(WEIGHTS.length)],
        random.nextInt(3) == 0 ? 0.08 : random.nextInt(2) == 0 ? 0 : Double.NaN);
  }

  private int idleTimeout(int most) {
    return random.nextBoolean() ? Knobs.LONG_IDLE : 1 + random.nextInt(most);
  }

  private Tenant tenant() {
    return new Tenant(
        WEIGHTS[random.nextInt(WEIGHTS.length)],
        !crowded && random.nextInt(3) == 0 ? 1 + random.nextInt(8) : 0,
        random.nextInt(2) == 0 ? 1 + random.nextInt(3) : 0,
        !crowded && random.nextInt(4) == 0 ? 10 + random.nextInt(40) : 0,
        flowWeights());
  }

  private Map<String, Double> flowWeights() {
    var weights = new TreeMap<String, Double>();
    for (var flow : FLOWS) {
      if (random.nextInt(3) == 0) {
        weights.put(flow, WEIGHTS[random.nextInt(WEIGHTS.length)]);
      }
    }
    return weights;
  }

  private String pick(String[] from) {
    return from[random.nextInt(from.length)];
  }

  private NaiveRequest pick(List<NaiveRequest> from) {
    return from.get(random.nextInt(from.size()));
  }
}
