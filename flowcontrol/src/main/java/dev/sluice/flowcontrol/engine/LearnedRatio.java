package dev.sluice.flowcontrol.engine;

/**
 * The ratio of two quantities that come in pairs, such as the prompt tokens that a request used and
 * those that were estimated.
 *
 * <pre>
 *   n-th pair    w = max(newest, 1/n);  a += w * (x - a);  b += w * (y - b)
 *                where y &gt; 8 b after the first pair, x and y are scaled so that y = 8 b
 *   ratio        a / b
 * </pre>
 *
 * <p>So the first pairs count alike, and later ones fade. It is a ratio of sums, and not a mean of
 * ratios: its predictions for many requests are right together, even if large and small requests
 * differ in their ratio. The scaling keeps one request with an absurd estimate from deciding the
 * ratio for a long time. O(1).
 */
final class LearnedRatio {
  private static final double MOST_TIMES_THE_MEAN = 8;

  private final double newest;
  private double above;
  private double below;
  private long pairs;

  /**
   * A ratio that is unknown.
   *
   * @param newest the weight of the newest pair at least, above 0, at most 1
   */
  LearnedRatio(double newest) {
    this.newest = newest;
  }

  /** Learns from a pair. Neither is negative. */
  void learn(double x, double y) {
    pairs++;
    var weight = pairs * newest >= 1 ? newest : 1.0 / pairs; // a division for every request costs
    var most = below > 0 ? MOST_TIMES_THE_MEAN * below : Double.POSITIVE_INFINITY;
    var scale = y > most ? most / y : 1;
    above += weight * (x * scale - above);
    below += weight * (y * scale - below);
  }

  /** Whether there is a ratio: a pair came whose second quantity was not 0. */
  boolean isKnown() {
    return below > 0;
  }

  /** The ratio, at least 0; NaN if it is unknown. */
  double value() {
    return above / below;
  }
}
