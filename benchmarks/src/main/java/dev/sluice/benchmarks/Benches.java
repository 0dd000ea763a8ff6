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

  /** Those with {@code part} in their name; the one of exactly that name, if there is one. */
  static List<Bench> named(String part) {
    var exact = ALL.stream().filter(bench -> bench.name().equals(part)).toList();
    return exact.isEmpty()
        ? ALL.stream().filter(bench -> bench.name().contains(part)).toList()
        : exact;
  }

  /** Their names. */
  static List<String> names() {
    return ALL.stream().map(Bench::name).toList();
  }
}
