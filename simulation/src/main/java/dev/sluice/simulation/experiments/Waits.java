package dev.sluice.simulation.experiments;

import static dev.sluice.simulation.experiments.Runs.SECOND;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.ArrayList;

/** Measures the waiting times of the flows whose names begin with a prefix. */
final class Waits implements Watch {
  private final String prefix;
  private final ArrayList<Long> waits = new ArrayList<>();
  private long offered;

  Waits(String prefix) {
    this.prefix = prefix;
  }

  double servedShare() {
    return waits.size() / (double) offered;
  }

  double p99Seconds() {
    if (waits.isEmpty()) {
      return Double.NaN;
    }
    var sorted = waits.stream().mapToLong(Long::longValue).sorted().toArray();
    return sorted[(int) Math.ceil(sorted.length * 0.99) - 1] / (double) SECOND;
  }

  @Override
  public void arrived(Arrival arrival, long nowNanos) {
    offered += arrival.flow().startsWith(prefix) ? 1 : 0;
  }

  @Override
  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
    if (arrival.flow().startsWith(prefix)) {
      waits.add(waitedNanos);
    }
  }
}
