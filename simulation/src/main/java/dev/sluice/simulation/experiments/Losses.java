package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.HashMap;
import java.util.Map;

/** Counts what each flow offered, and what of that was refused or left the queue unserved. */
final class Losses implements Watch {
  private final Map<String, int[]> counts = new HashMap<>();

  /** The part of a flow's requests that was lost. */
  double of(String flow) {
    var count = counts.getOrDefault(flow, new int[2]);
    return count[1] / (double) count[0];
  }

  @Override
  public void arrived(Arrival arrival, long nowNanos) {
    counts.computeIfAbsent(arrival.flow(), flow -> new int[2])[0]++;
  }

  @Override
  public void refused(Arrival arrival, long nowNanos, String reason) {
    counts.computeIfAbsent(arrival.flow(), flow -> new int[2])[1]++;
  }
}
