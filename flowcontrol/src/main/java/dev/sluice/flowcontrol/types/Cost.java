package dev.sluice.flowcontrol.types;

/**
 * Fixed-point arithmetic of costs. A cost is a {@code long} in units of 1/1024 weighted token, so
 * that the same inputs give the same sums, bit for bit, on every machine. Stateless.
 */
public final class Cost {

  /** Units in one weighted token. */
  public static final long UNITS_PER_TOKEN = 1024;

  private Cost() {}

  /** The cost of tokens that weigh {@code weight} each, rounded to the nearest unit. */
  public static long of(long tokens, double weight) {
    return Math.round(tokens * weight * UNITS_PER_TOKEN);
  }

  /** Converts a cost from units to weighted tokens. */
  public static double tokens(long cost) {
    return cost / (double) UNITS_PER_TOKEN;
  }
}
