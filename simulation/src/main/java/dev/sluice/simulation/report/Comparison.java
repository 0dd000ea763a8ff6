package dev.sluice.simulation.report;

import dev.sluice.simulation.run.SimulationResult;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * The same workload under one or several configurations. All runs are compared with the first.
 * Immutable.
 *
 * @param workload the workload's name
 * @param seed the seed of the simulations
 * @param runs the runs, at least one, with different names
 * @param provenance what made the comparison
 */
public record Comparison(String workload, long seed, List<Run> runs, Provenance provenance) {

  /** A comparison of which nothing else is known. */
  public Comparison(String workload, long seed, List<Run> runs) {
    this(workload, seed, runs, Provenance.UNKNOWN);
  }

  /** A configuration's name and its result. Immutable. */
  public record Run(String name, SimulationResult result) {}

  public Comparison {
    runs = List.copyOf(runs);
    if (runs.isEmpty()) {
      throw new IllegalArgumentException("runs: got none, allowed at least one");
    }
    var names = new HashSet<String>();
    for (var run : runs) {
      if (!names.add(run.name)) {
        throw new IllegalArgumentException("runs: got two named " + run.name);
      }
    }
  }

  /** All tenants of all runs, by name. */
  List<String> tenants() {
    var all = new TreeSet<String>();
    runs.forEach(run -> all.addAll(run.result.tenants().keySet()));
    return List.copyOf(all);
  }

  /** All bands of all runs, the most important first. */
  List<Integer> bands() {
    var all = new TreeSet<Integer>();
    runs.forEach(run -> all.addAll(run.result.bands().keySet()));
    return List.copyOf(all.descendingSet());
  }

  /** The tenants that used most in any run, in the order of their use. */
  List<String> largestTenants(int count) {
    Function<String, Double> cost =
        tenant -> {
          var most = 0.0;
          for (var run : runs) {
            var result = run.result.tenants().get(tenant);
            most = result == null ? most : Math.max(most, result.cost());
          }
          return -most;
        };
    return tenants().stream().sorted(Comparator.comparing(cost)).limit(count).toList();
  }
}
