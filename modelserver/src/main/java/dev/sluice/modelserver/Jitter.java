package dev.sluice.modelserver;

import java.util.SplittableRandom;

/**
 * Varies the delays of one request at random, by factors between {@code 1 - spread} and {@code 1 +
 * spread}, uniformly. The factors depend on the seed and the number of the request, and not on
 * other requests. Not thread-safe.
 */
final class Jitter {
  private static final long MIX = 0x9E3779B97F4A7C15L;

  private final SplittableRandom random;
  private final double spread;

  /** The jitter of one request; {@code number} counts requests in the order of arrival. */
  Jitter(long seed, long number, double spread) {
    this.random = new SplittableRandom(seed + MIX * number);
    this.spread = spread;
  }

  /** Varies the next delay, which would be {@code nanos}. */
  long of(long nanos) {
    return spread == 0 ? nanos : Math.round(nanos * (1 + spread * (2 * random.nextDouble() - 1)));
  }
}
