package dev.sluice.simulation.report;

import dev.sluice.simulation.run.GroupResult;
import dev.sluice.simulation.run.Series;
import dev.sluice.simulation.run.SimulationResult;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Results made by hand. */
final class Samples {
  private Samples() {}

  /** Two tenants in two bands, with a wait of the given length at the higher percentile. */
  static SimulationResult result(double waitP99, long refused) {
    return result(List.of("alice", "bob"), waitP99, refused);
  }

  static SimulationResult result(List<String> names, double waitP99, long refused) {
    var tenants = new TreeMap<String, GroupResult>();
    var shares = new TreeMap<String, List<Double>>();
    for (var i = 0; i < names.size(); i++) {
      tenants.put(names.get(i), group(100, i == 0 ? refused : 0, waitP99, 1_000.0 - i));
      shares.put(names.get(i), List.of(1.0 / names.size(), Double.NaN, 1.0 / names.size()));
    }
    var bands = new TreeMap<Integer, GroupResult>();
    bands.put(10, group(120, 0, waitP99, 1_200));
    bands.put(-1, group(80, refused, waitP99, 800));
    return new SimulationResult(
        120,
        group(200, refused, waitP99, 2_000),
        tenants,
        bands,
        0.98765,
        0.5,
        Double.NaN,
        3,
        0.125,
        0.25,
        4,
        5,
        6,
        7,
        8,
        0xcafeL,
        new Series(
            40,
            Map.of(10, List.of(1.0, 2.0, 3.0), -1, List.of(Double.NaN, 4.0, Double.NaN)),
            Map.of(10, List.of(5.0, waitP99, 6.0), -1, List.of(Double.NaN, 9.0, Double.NaN)),
            Map.of(10, List.of(0.0, 1.0, 2.0), -1, List.of(3.0, 4.0, 5.0)),
            shares,
            List.of(0.1, 1.0, 0.7)));
  }

  static GroupResult group(long offered, long refused, double waitP99, double cost) {
    var causes = refused == 0 ? Map.<String, Long>of() : Map.of("EXPIRED", refused);
    return new GroupResult(
        offered,
        offered - refused,
        offered - refused,
        causes,
        12.5,
        waitP99,
        waitP99 * 2,
        20,
        Double.NaN,
        30_000,
        4_000,
        cost,
        cost / 2_000,
        0,
        0);
  }
}
