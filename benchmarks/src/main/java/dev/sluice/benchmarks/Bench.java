package dev.sluice.benchmarks;

import java.util.List;

/** A question about speed or size, and how it is measured. */
interface Bench {

  /** How thorough a run is. */
  enum Scale {
    /** Shows that it works, not how fast: seconds at most. */
    QUICK,
    /** As for {@code docs/performance.md}. */
    FULL
  }

  /** What {@code --only} and the table call it, in kebab case. */
  String name();

  /**
   * Measures.
   *
   * @throws Exception if what is measured does not work; then there is no figure
   */
  List<Result> run(Scale scale) throws Exception;
}
