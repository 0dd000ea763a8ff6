package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Counts the dispatches of other flows from a flow's first request until that flow is served, for
 * flows whose names begin with a prefix.
 */
final class FirstDispatch implements Watch {
  private final String prefix;
  private final Map<String, Integer> queued = new HashMap<>();
  private final Map<String, Integer> othersSince = new HashMap<>();
  private final Map<String, Integer> mostFlows = new HashMap<>();
  private final Set<String> seen = new HashSet<>();
  private double worst;
  private double othersOfLast = Double.NaN;

  FirstDispatch(String prefix) {
    this.prefix = prefix;
  }

  /**
   * The largest count, relative to the number of other flows that had queued requests meanwhile.
   */
  double worst() {
    return worst;
  }

  /** The largest count of a flow that was never served or, if all were, that of the last one. */
  double othersOf() {
    return othersSince.values().stream()
        .mapToDouble(Integer::doubleValue)
        .max()
        .orElse(othersOfLast);
  }

  @Override
  public void arrived(Arrival arrival, long nowNanos) {
    queued.merge(arrival.flow(), 1, Integer::sum);
    mostFlows.replaceAll((flow, most) -> Math.max(most, queued.size()));
    if (arrival.flow().startsWith(prefix) && seen.add(arrival.flow())) {
      othersSince.put(arrival.flow(), 0);
      mostFlows.put(arrival.flow(), queued.size());
    }
  }

  @Override
  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
    queued.computeIfPresent(arrival.flow(), (flow, count) -> count == 1 ? null : count - 1);
    var others = othersSince.remove(arrival.flow());
    if (others != null) {
      othersOfLast = others;
      var flows = mostFlows.getOrDefault(arrival.flow(), 1);
      if (others > 0) {
        worst = Math.max(worst, others / Math.max(1.0, flows - 1.0));
      }
    }
    othersSince.replaceAll((flow, count) -> count + 1);
  }
}
