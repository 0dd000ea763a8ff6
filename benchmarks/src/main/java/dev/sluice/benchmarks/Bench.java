package dev.sluice.benchmarks;

import java.util.List;

/** A question about speed or size, and how it is measured. */
interface Bench {

  /** How thorough a run is. */
  enum Scale {
    /** Shows that it works, not how fast: seconds at most. */
    QUICK(100, 1, 100),
    /** As for {@code docs/performance.md}. */
    FULL(3_000, 5, 1_000);

    private final long warmUpMillis;
    private final int windows;
    private final long windowMillis;

    Scale(long warmUpMillis, int windows, long windowMillis) {
      this.warmUpMillis = warmUpMillis;
      this.windows = windows;
      this.windowMillis = windowMillis;
    }

    /** How long to run before measuring. */
    long warmUpMillis() {
      return warmUpMillis;
    }

    /** How often to measure, to take the median. */
    int windows() {
      return windows;
    }

    /** How long each time. */
    long windowMillis() {
      return windowMillis;
    }
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
