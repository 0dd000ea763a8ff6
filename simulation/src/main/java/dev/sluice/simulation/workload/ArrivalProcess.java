package dev.sluice.simulation.workload;

import java.util.SplittableRandom;

/**
 * The rule by which the requests of one source arrive. Immutable: all state is in the time and the
 * generator that a caller passes in.
 */
public sealed interface ArrivalProcess {

  /** Nanoseconds in a second. */
  double NANOS = 1e9;

  /**
   * The arrival that follows one at {@code atNanos}, in nanoseconds since the workload's start; at
   * least {@code atNanos}.
   */
  long after(long atNanos, SplittableRandom random);

  /** Requests per second in the long run. */
  double meanRate();

  /** Independent arrivals: exponential gaps. */
  record Poisson(double ratePerSecond) implements ArrivalProcess {
    public Poisson {
      positive("rate", ratePerSecond);
    }

    @Override
    public long after(long atNanos, SplittableRandom random) {
      return atNanos + Math.round(Randoms.exponential(random) / ratePerSecond * NANOS);
    }

    @Override
    public double meanRate() {
      return ratePerSecond;
    }
  }

  /**
   * Gaps of a gamma distribution. If the coefficient of variation is above 1, arrivals are burstier
   * than Poisson; below 1 they are steadier.
   */
  record Gamma(double ratePerSecond, double cv) implements ArrivalProcess {
    public Gamma {
      positive("rate", ratePerSecond);
      positive("cv", cv);
    }

    @Override
    public long after(long atNanos, SplittableRandom random) {
      var shape = 1 / (cv * cv);
      return atNanos + Math.round(Randoms.gamma(shape, random) / shape / ratePerSecond * NANOS);
    }

    @Override
    public double meanRate() {
      return ratePerSecond;
    }
  }

  /** Equal gaps. */
  record Regular(double ratePerSecond) implements ArrivalProcess {
    public Regular {
      positive("rate", ratePerSecond);
    }

    @Override
    public long after(long atNanos, SplittableRandom random) {
      return atNanos + Math.round(NANOS / ratePerSecond);
    }

    @Override
    public double meanRate() {
      return ratePerSecond;
    }
  }

  /** Poisson arrivals for {@code onNanos}, then silence for {@code offNanos}, and so on. */
  record OnOff(double ratePerSecond, long onNanos, long offNanos) implements ArrivalProcess {
    public OnOff {
      positive("rate", ratePerSecond);
      positive("on", (double) onNanos);
      positive("off", (double) offNanos);
    }

    @Override
    public long after(long atNanos, SplittableRandom random) {
      var cycle = onNanos + offNanos;
      var active = atNanos / cycle * onNanos + Math.min(atNanos % cycle, onNanos);
      active += Math.round(Randoms.exponential(random) / ratePerSecond * NANOS);
      return active / onNanos * cycle + active % onNanos;
    }

    @Override
    public double meanRate() {
      return ratePerSecond * onNanos / (onNanos + offNanos);
    }
  }

  private static void positive(String name, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new IllegalArgumentException(name + ": got " + value + ", allowed > 0");
    }
  }
}
