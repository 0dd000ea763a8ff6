package dev.sluice.flowcontrol.conformance;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/**
 * A random history of a band: arrivals, dispatches, cancellations, flows that may not run for a
 * while, corrections, classes that reopen. Two bands with the same random numbers have the same
 * history as long as their policies make the same choices.
 */
public final class RandomBand {

  /** The classes of its requests. */
  public static final List<EligibilityClass> CLASSES =
      List.of(
          new EligibilityClass(0, Eligibility.ANY),
          new EligibilityClass(1, Eligibility.ofModel("m")),
          new EligibilityClass(2, Eligibility.ofModel("n")));

  private final InterFlowDispatchPolicy policy;
  private final FairnessDriver driver;
  private final long costUnit;
  private final List<FakeFlow> flows = new ArrayList<>();
  private final List<String> choices = new ArrayList<>();

  /** A band of twelve flows of weights 1 to 3, with costs up to 1,000. */
  public RandomBand(InterFlowDispatchPolicy policy) {
    this(policy, 1);
  }

  /** A band of twelve flows of weights 1 to 3, with costs up to 1,000 times {@code costUnit}. */
  public RandomBand(InterFlowDispatchPolicy policy, long costUnit) {
    this.policy = policy;
    this.costUnit = costUnit;
    driver = new FairnessDriver(policy);
    for (var i = 0; i < 12; i++) {
      flows.add(FakeFlow.of("f" + i, 1 + i % 3));
    }
  }

  /** The policy. */
  public InterFlowDispatchPolicy policy() {
    return policy;
  }

  /** The queues. */
  public FairnessDriver driver() {
    return driver;
  }

  /** The requests served so far, and the flows that may be forgotten. */
  public List<String> choices() {
    return choices;
  }

  /** Lets one random event happen. */
  public void step(Random random) {
    var flow = flows.get(random.nextInt(flows.size()));
    var needs = CLASSES.get(random.nextInt(CLASSES.size()));
    var cost = costUnit * (1 + random.nextInt(1_000));
    switch (random.nextInt(13)) {
      case 0, 1, 2, 3 -> driver.offer(flow, needs, cost, random.nextInt(100));
      case 4, 5, 6, 7 -> {
        var open = random.nextBoolean() ? CLASSES : List.of(needs);
        choices.add(driver.best(open) + " " + driver.serve(open));
      }
      case 8 -> {
        var queue = driver.queue(flow, needs);
        var item = random.nextBoolean() ? queue.head() : queue.tail();
        if (item != null) {
          driver.cancel(queue, item);
        }
      }
      case 9 -> driver.block(flow);
      case 10 -> driver.unblock(flow);
      case 11 -> driver.pass(flow, needs, cost);
      default -> {
        policy.corrected(flow, random.nextBoolean() ? cost : -cost);
        policy.completed(flow, cost, 0);
        policy.reopened(needs);
        if (flow.queuedRequests() == 0) {
          choices.add(flow + " " + policy.mayForget(flow));
        }
      }
    }
  }
}
