package dev.sluice.simulation.workload;

import java.util.SplittableRandom;

/**
 * A distribution of the number of tokens of a prompt or an answer. Immutable; every sample is at
 * least 1.
 */
public sealed interface TokenLengths {

  /** The largest sample of any distribution: a million tokens. */
  long LONGEST = 1_000_000;

  /** Draws one length. */
  long sample(SplittableRandom random);

  /** Always the same length. */
  record Constant(long tokens) implements TokenLengths {
    public Constant {
      within("tokens", tokens, 1);
    }

    @Override
    public long sample(SplittableRandom random) {
      return tokens;
    }
  }

  /** Every whole number between two bounds, both included, with equal probability. */
  record Uniform(long least, long most) implements TokenLengths {
    public Uniform {
      within("min", least, 1);
      within("max", most, least);
    }

    @Override
    public long sample(SplittableRandom random) {
      return random.nextLong(least, most + 1);
    }
  }

  /** Log-normal around a median, cut at {@code most}; sigma 1 is typical of chat. */
  record LogNormal(double median, double sigma, long most) implements TokenLengths {
    public LogNormal {
      within("median", median, 1, (double) LONGEST);
      within("sigma", sigma, 0, 10);
      within("max", most, 1);
    }

    @Override
    public long sample(SplittableRandom random) {
      return clamp(median * StrictMath.exp(sigma * Randoms.normal(random)), most);
    }
  }

  /**
   * Pareto's heavy tail, {@code P(length > x) = (least / x)^alpha}, cut at {@code most}; at an
   * alpha of 1 to 2 a few requests carry most of the tokens.
   */
  record Pareto(long least, double alpha, long most) implements TokenLengths {
    public Pareto {
      within("min", least, 1);
      within("alpha", alpha, 0.1, 100);
      within("max", most, least);
    }

    @Override
    public long sample(SplittableRandom random) {
      return clamp(least / StrictMath.pow(1 - random.nextDouble(), 1 / alpha), most);
    }
  }

  private static long clamp(double length, long most) {
    return Math.clamp(Math.round(length), 1, most);
  }

  private static void within(String name, long value, long least) {
    within(name, (double) value, (double) least, (double) LONGEST);
  }

  private static void within(String name, double value, double least, double most) {
    if (!(value >= least && value <= most)) {
      throw new IllegalArgumentException(
          name + ": got " + plain(value) + ", allowed " + plain(least) + " to " + plain(most));
    }
  }

  private static String plain(double value) {
    return value == Math.rint(value) ? Long.toString((long) value) : Double.toString(value);
  }
}
