package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;

/** Measures the longest time without a dispatch of one flow, which always has requests. */
final class Stall implements Watch {
  private final String flow;
  private long last;
  private long longest;

  Stall(String flow, long from) {
    this.flow = flow;
    this.last = from;
  }

  double longestSeconds(long until) {
    return Math.max(longest, until - last) / (double) SECOND;
  }

  @Override
  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
    if (arrival.flow().equals(flow) && nowNanos > last) {
      longest = Math.max(longest, nowNanos - last);
      last = nowNanos;
    }
  }
}
