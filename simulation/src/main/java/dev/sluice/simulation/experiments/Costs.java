package dev.sluice.simulation.experiments;

import dev.sluice.simulation.workload.Arrival;

/** The true cost of requests, in weighted tokens: prompt tokens count 1, generated ones 2. */
final class Costs {
  private Costs() {}

  static double of(Arrival arrival) {
    return arrival.inputTokens() + 2.0 * arrival.outputTokens();
  }
}
