package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Measures the cost of each flow's dispatches in a window of time, and its share of all cost. */
final class ShareMeter implements Watch {
  private final long from;
  private final long to;
  private final Map<String, Double> costs = new HashMap<>();
  private double all;

  ShareMeter(long from, long to) {
    this.from = from;
    this.to = to;
  }

  double share(String flow) {
    return all == 0 ? Double.NaN : costs.getOrDefault(flow, 0.0) / all;
  }

  double jain(List<String> flows) {
    var sum = 0.0;
    var squares = 0.0;
    for (var flow : flows) {
      var cost = costs.getOrDefault(flow, 0.0);
      sum += cost;
      squares += cost * cost;
    }
    return squares == 0 ? Double.NaN : sum * sum / (flows.size() * squares);
  }

  @Override
  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
    if (nowNanos >= from && nowNanos < to) {
      costs.merge(arrival.flow(), Costs.of(arrival), Double::sum);
      all += Costs.of(arrival);
    }
  }
}
