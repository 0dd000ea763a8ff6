package dev.sluice.benchmarks;

import java.util.List;

/** A measurement that answers one question about speed or size. */
interface Bench {

  /** The thoroughness of a run: how long it warms up, and how often and how long it measures. */
  enum Scale {
    /** Takes seconds at most; shows that the bench works, not how fast Sluice is. */
    QUICK(100, 1, 100),
    /** As thorough as the figures in {@code docs/performance.md}. */
    FULL(3_000, 5, 1_000);

    private final long warmUpMillis;
    private final int windows;
    private final long windowMillis;

    Scale(long warmUpMillis, int windows, long windowMillis) {
      this.warmUpMillis = warmUpMillis;
      this.windows = windows;
      this.windowMillis = windowMillis;
    }

    /** The time to run before the first measurement. */
    long warmUpMillis() {
      return warmUpMillis;
    }

    /** The number of measurements from which the median is taken. */
    int windows() {
      return windows;
    }

    /** The time that one measurement takes. */
    long windowMillis() {
      return windowMillis;
    }
  }

  /** The name of the bench in the table and for {@code --only}, in kebab case. */
  String name();

  /**
   * Runs the bench and returns the lines for the table.
   *
   * @throws Exception if the measured code fails; then there is no figure
   */
  List<Result> run(Scale scale) throws Exception;
}
