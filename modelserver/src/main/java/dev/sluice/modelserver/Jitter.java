package dev.sluice.modelserver;

import java.util.SplittableRandom;

/**
 * Stretches and shrinks one request's delays at random, by a factor that is uniform from {@code 1 -
 * spread} to {@code 1 + spread}. The factors depend on the seed and the request's number alone, not
 * on what other requests do meanwhile. Not thread-safe.
 */
final class Jitter {
  private static final long MIX = 0x9E3779B97F4A7C15L;

  private final SplittableRandom random;
  private final double spread;

  /** For the request of a number, counted in the order of arrival. */
  Jitter(long seed, long number, double spread) {
    this.random = new SplittableRandom(seed + MIX * number);
    this.spread = spread;
  }

  /** The next delay in place of {@code nanos}. */
  long of(long nanos) {
    return spread == 0 ? nanos : Math.round(nanos * (1 + spread * (2 * random.nextDouble() - 1)));
  }
}
