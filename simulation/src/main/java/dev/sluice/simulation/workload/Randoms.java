package dev.sluice.simulation.workload;

import java.util.SplittableRandom;

/**
 * Random variates that are the same, bit for bit, on every machine: only {@link StrictMath} and
 * {@link SplittableRandom#nextDouble()} are used.
 */
final class Randoms {
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Randoms() {}

  /**
   * The generator of the {@code index}-th source of a workload, independent of the generators of
   * its neighbours.
   */
  static SplittableRandom source(long seed, int index) {
    return new SplittableRandom(mix(seed + GOLDEN * (index + 1L)));
  }

  /** A bijection that spreads neighbouring values (the finaliser of SplitMix64). */
  static long mix(long value) {
    var z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }

  /** Exponential with mean 1. */
  static double exponential(SplittableRandom random) {
    return -StrictMath.log(1 - random.nextDouble());
  }

  /** Standard normal, by Box and Muller's transform. */
  static double normal(SplittableRandom random) {
    var radius = StrictMath.sqrt(2 * exponential(random));
    return radius * StrictMath.cos(2 * StrictMath.PI * random.nextDouble());
  }

  /**
   * Gamma with the given shape and scale 1, by Marsaglia and Tsang's rejection (2000); a shape
   * below 1 is raised by one and brought back by a power of a uniform.
   */
  static double gamma(double shape, SplittableRandom random) {
    if (shape < 1) {
      var u = 1 - random.nextDouble();
      return gamma(shape + 1, random) * StrictMath.pow(u, 1 / shape);
    }
    var d = shape - 1.0 / 3;
    var c = 1 / StrictMath.sqrt(9 * d);
    while (true) {
      var x = normal(random);
      var v = (1 + c * x) * (1 + c * x) * (1 + c * x);
      if (v > 0) {
        var u = 1 - random.nextDouble();
        if (StrictMath.log(u) < 0.5 * x * x + d - d * v + d * StrictMath.log(v)) {
          return d * v;
        }
      }
    }
  }
}
