package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.ArrayDeque;

/**
 * The largest deviation of the share of one of two flows from a half, over every {@code requests}
 * dispatches in a row during which both flows have requests queued. The first dispatches count too,
 * although nothing is learned yet. A share is a part of the true costs. O(1) for each event.
 */
final class WindowShare implements Watch {
  private final String flow;
  private final int requests;
  private final ArrayDeque<Double> window = new ArrayDeque<>();
  private double ofFlow;
  private double all;
  private int queuedOfFlow;
  private int queuedOfOther;
  private double worst;
  private int windows;

  WindowShare(String flow, int requests) {
    this.flow = flow;
    this.requests = requests;
  }

  /** The largest deviation from a half, in points; NaN if both flows were never backlogged. */
  double worstPoints() {
    return windows == 0 ? Double.NaN : Math.round(1e8 * worst) / 1e6;
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
    add(arrival.flow().equals(flow) ? Costs.of(arrival) : -Costs.of(arrival), 1);
    if (window.size() > requests) {
      add(window.removeFirst(), -1);
    }
    count(arrival, -1);
    if (window.size() == requests) {
      windows++;
      worst = Math.max(worst, Math.abs(2 * ofFlow - all) / (2 * all));
    }
  }

  /** The cost is negative if it is the other flow's. */
  private void add(double cost, int sign) {
    if (sign > 0) {
      window.addLast(cost);
    }
    ofFlow += sign * Math.max(0, cost);
    all += sign * Math.abs(cost);
  }

  private void count(Arrival arrival, int change) {
    if (arrival.flow().equals(flow)) {
      queuedOfFlow += change;
    } else {
      queuedOfOther += change;
    }
    if (queuedOfFlow == 0 || queuedOfOther == 0) {
      window.clear();
      ofFlow = 0;
      all = 0;
    }
  }
}
