package dev.sluice.flowcontrol.theory;

import dev.sluice.flowcontrol.conformance.FairnessDriver;
import dev.sluice.flowcontrol.conformance.FakeFlow;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.Random;

/**
 * A random trace of a band before a pool of a few slots: flows that come and go, heavy-tailed
 * costs, a predictor that errs, corrections at the end and sometimes before. It measures the
 * quantity of theorem G1: for each pair of flows, the distance by which their service drifts apart
 * while both wait.
 */
final class FairnessTrace {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final List<EligibilityClass> OPEN = List.of(ANY);
  private static final int[] WEIGHTS = {1, 2, 4};
  private static final int[] SLOTS = {1, 4, 16};
  private static final double[] ERRORS = {0, 0.3, 1};

  /** A flow with its counts. */
  private static final class Party {
    final FakeFlow flow;
    final double meanTokens;
    final double bias;
    final boolean steady;
    boolean on = true;
    double service;
    long largestEstimate;
    double under;
    double mostUnder;
    double over;
    double mostOver;

    Party(FakeFlow flow, double meanTokens, double bias, boolean steady) {
      this.flow = flow;
      this.meanTokens = meanTokens;
      this.bias = bias;
      this.steady = steady;
    }

    double weight() {
      return flow.weight();
    }

    boolean waits() {
      return flow.queuedRequests() > 0;
    }
  }

  private record Running(Party party, long estimate, long cost, long ends, long order)
      implements Comparable<Running> {
    @Override
    public int compareTo(Running other) {
      return ends != other.ends ? Long.compare(ends, other.ends) : Long.compare(order, other.order);
    }
  }

  /** The distance by which two flows drifted apart, and the bound of it. */
  record Gap(String pair, double widest, double bound) {}

  /** The present interval in which both of a pair wait. */
  private static final class Pair {
    final Party a;
    final Party b;
    boolean open;
    double least;
    double most;
    double widest;

    Pair(Party a, Party b) {
      this.a = a;
      this.b = b;
    }

    double difference() {
      return a.service - b.service;
    }

    void begin() {
      if (!open && a.waits() && b.waits()) {
        open = true;
        least = difference();
        most = least;
      }
    }

    void dispatched() {
      if (open) {
        least = Math.min(least, difference());
        most = Math.max(most, difference());
        widest = Math.max(widest, most - least);
        open = a.waits() && b.waits();
      }
    }
  }

  private final InterFlowDispatchPolicy policy;
  private final FairnessDriver driver;
  private final Random random;
  private final double error;
  private final int slots;
  private final List<Party> parties = new ArrayList<>();
  private final List<Pair> pairs = new ArrayList<>();
  private final Map<QueueItem, Long> costs = new HashMap<>();
  private final PriorityQueue<Running> running = new PriorityQueue<>();
  private long now;
  private long dispatches;

  FairnessTrace(InterFlowDispatchPolicy policy, long seed) {
    this.policy = policy;
    driver = new FairnessDriver(policy);
    random = new Random(seed);
    error = ERRORS[random.nextInt(ERRORS.length)];
    slots = SLOTS[random.nextInt(SLOTS.length)];
    var flows = 2 + random.nextInt(5);
    for (var i = 0; i < flows; i++) {
      var flow = FakeFlow.of("f" + i, WEIGHTS[random.nextInt(WEIGHTS.length)]);
      var bias = error == 0 ? 1 : Math.exp(error * random.nextGaussian());
      var party = new Party(flow, 20 * Math.pow(50, random.nextDouble()), bias, i < 2);
      parties.forEach(other -> pairs.add(new Pair(other, party)));
      parties.add(party);
    }
  }

  /** Runs until this number of requests were dispatched, and returns the measurements. */
  List<Gap> run(int requests) {
    while (dispatches < requests) {
      arrive();
      fillSlots();
      end();
    }
    return pairs.stream().map(this::gap).toList();
  }

  boolean isExact() {
    return error == 0;
  }

  private Gap gap(Pair pair) {
    var a = pair.a;
    var b = pair.b;
    var ofA = (a.largestEstimate + a.mostUnder) / a.weight() + b.mostOver / b.weight();
    var ofB = (b.largestEstimate + b.mostUnder) / b.weight() + a.mostOver / a.weight();
    var inFlight =
        (a.mostUnder + a.mostOver) / a.weight() + (b.mostUnder + b.mostOver) / b.weight();
    var rounding = dispatches / 4.0;
    return new Gap(
        a.flow + " and " + b.flow + ", error " + error + ", " + slots + " slots",
        pair.widest,
        ofA + ofB + inFlight + rounding);
  }

  private void arrive() {
    for (var party : parties) {
      if (random.nextInt(party.steady ? 400 : 40) == 0) {
        party.on = !party.on;
      }
      while (party.on && party.flow.queuedRequests() < 1 + random.nextInt(3)) {
        var cost = drawCost(party);
        var estimate = estimate(party, cost);
        if (running.size() < slots && parties.stream().noneMatch(Party::waits)) {
          if (driver.pass(party.flow, ANY, estimate)) {
            start(party, estimate, cost);
          }
        } else {
          costs.put(driver.offer(party.flow, ANY, estimate), cost);
          pairs.forEach(Pair::begin);
        }
      }
    }
  }

  private long drawCost(Party party) {
    var tokens = party.meanTokens * Math.min(20, Math.exp(random.nextGaussian()));
    return Math.max(1, Math.round(tokens * Cost.UNITS_PER_TOKEN));
  }

  private long estimate(Party party, long cost) {
    return error == 0
        ? cost
        : Math.max(1, Math.round(cost * party.bias * Math.exp(error * random.nextGaussian())));
  }

  private void fillSlots() {
    while (running.size() < slots) {
      var item = driver.serve(OPEN);
      if (item == null) {
        return;
      }
      var id = item.request().flow().id();
      var party = parties.get(Integer.parseInt(id.substring(1)));
      start(party, item.estimatedCost(), costs.getOrDefault(item, 0L));
      costs.remove(item);
      pairs.forEach(Pair::dispatched);
    }
  }

  private void start(Party party, long estimate, long cost) {
    party.service += cost / party.weight();
    party.largestEstimate = Math.max(party.largestEstimate, estimate);
    party.under += Math.max(0, cost - estimate);
    party.over += Math.max(0, estimate - cost);
    party.mostUnder = Math.max(party.mostUnder, party.under);
    party.mostOver = Math.max(party.mostOver, party.over);
    var lasts = (long) (cost * (0.5 + random.nextDouble()));
    running.add(new Running(party, estimate, cost, now + lasts, dispatches++));
  }

  /**
   * Lets the next request end. Its cost beyond the estimate has been charged before, as it came.
   */
  private void end() {
    var ended = running.poll();
    if (ended == null) {
      now++;
      return;
    }
    now = ended.ends;
    var party = ended.party;
    var delta = ended.cost - ended.estimate;
    if (delta > 1 && random.nextBoolean()) {
      policy.corrected(party.flow, delta / 2);
      delta -= delta / 2;
    }
    if (delta != 0) {
      policy.corrected(party.flow, delta);
    }
    policy.completed(party.flow, ended.cost, now);
    party.under -= Math.max(0, ended.cost - ended.estimate);
    party.over -= Math.max(0, ended.estimate - ended.cost);
  }
}
