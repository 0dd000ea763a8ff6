package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;

/**
 * The largest difference between the service of two flows, in weighted tokens per weight, over all
 * intervals in which both have requests queued: {@code max X - min X} of {@code X = S_f - S_g},
 * begun anew when either queue is empty. It counts the true cost of requests. O(1) for each event.
 */
final class ServiceGap implements Watch {
  private final String first;
  private final String second;
  private final double firstWeight;
  private final double secondWeight;
  private int queuedOfFirst;
  private int queuedOfSecond;
  private double difference;
  private double least;
  private double most;
  private double largest;
  private double largestCostOfFirst;
  private double largestCostOfSecond;

  /** A gap between two flows of equal weight. */
  ServiceGap(String first, String second) {
    this(first, 1, second, 1);
  }

  ServiceGap(String first, double firstWeight, String second, double secondWeight) {
    this.first = first;
    this.firstWeight = firstWeight;
    this.second = second;
    this.secondWeight = secondWeight;
  }

  /** The largest gap so far. */
  double largest() {
    return largest;
  }

  /** The costs per weight of each flow's largest request so far, added up. */
  double largestCosts() {
    return largestCostOfFirst / firstWeight + largestCostOfSecond / secondWeight;
  }

  @Override
  public void arrived(Arrival arrival, long nowNanos) {
    count(arrival, 1);
  }

  @Override
  public void refused(Arrival arrival, long nowNanos, String reason) {
    count(arrival, -1);
  }

  @Override
  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
    var cost = Costs.of(arrival);
    if (arrival.flow().equals(first)) {
      difference += cost / firstWeight;
      largestCostOfFirst = Math.max(largestCostOfFirst, cost);
    } else if (arrival.flow().equals(second)) {
      difference -= cost / secondWeight;
      largestCostOfSecond = Math.max(largestCostOfSecond, cost);
    }
    least = Math.min(least, difference);
    most = Math.max(most, difference);
    largest = Math.max(largest, most - least);
    count(arrival, -1);
  }

  private void count(Arrival arrival, int change) {
    if (arrival.flow().equals(first)) {
      queuedOfFirst += change;
    } else if (arrival.flow().equals(second)) {
      queuedOfSecond += change;
    }
    if (queuedOfFirst == 0 || queuedOfSecond == 0) {
      least = difference;
      most = difference;
    }
  }
}
