package dev.sluice.benchmarks;

import java.util.List;

/** All benches, in the order of the table. */
final class Benches {
  private static final List<Bench> ALL =
      List.of(
          new MatrixBench(),
          new ChurnBench(),
          new CancellationBench(),
          new FullPathBench(),
          new HandOverBench(),
          new DecisionBench(),
          new MillionBench(),
          new ExpiryBench(),
          new StormBench(),
          new ShardsBench(),
          new JmhBench("admit", AdmitBenchmark.class),
          new JmhBench("round-trip", RoundTripBenchmark.class),
          new GatewayBench(),
          new StartUpBench());

  private Benches() {}

  /** The bench with exactly this name or, if there is none, all benches with it in their names. */
  static List<Bench> named(String part) {
    var exact = ALL.stream().filter(bench -> bench.name().equals(part)).toList();
    return exact.isEmpty()
        ? ALL.stream().filter(bench -> bench.name().contains(part)).toList()
        : exact;
  }

  /** The names of all benches. */
  static List<String> names() {
    return ALL.stream().map(Bench::name).toList();
  }
}
