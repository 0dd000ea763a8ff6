package dev.sluice.flowcontrol.engine;

/**
 * The ratio of two quantities that come in pairs, such as the prompt tokens that a request used and
 * those that were estimated.
 *
 * <pre>
 *   n-th pair    w = max(newest, 1/n);  a += w * (x - a);  b += w * (y - b)
 *   ratio        a / b
 * </pre>
 *
 * <p>So the first pairs count alike, and later ones fade. It is a ratio of sums, and not a mean of
 * ratios: what it predicts for many requests together is right even if large and small requests
 * differ in their ratio. O(1).
 */
final class LearnedRatio {
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

  /** Learns from a pair, of which neither is negative. */
  void learn(double x, double y) {
    pairs++;
    var weight = Math.max(newest, 1.0 / pairs);
    above += weight * (x - above);
    below += weight * (y - below);
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
