package dev.sluice.simulation.run;

import java.time.Duration;

/**
 * How a simulation is run. Immutable.
 *
 * @param duration when the last request arrives at the latest, above 0
 * @param warmUp what arrives before counts for nothing but the load, below {@code duration}
 * @param drain how long after {@code duration} requests may still end; what has not ended by then
 *     counts as open
 * @param seed of the servers' requests from elsewhere
 * @param progressTokens after how many generated tokens each request reports what it used so far; 0
 *     means at its end only
 * @param buckets into how many equal parts the time is divided for charts, above 0
 */
public record SimulationOptions(
    Duration duration,
    Duration warmUp,
    Duration drain,
    long seed,
    long progressTokens,
    int buckets) {

  /** Rejects values outside their ranges. */
  public SimulationOptions {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException("duration: got " + duration + ", allowed > 0");
    }
    if (warmUp.isNegative() || warmUp.compareTo(duration) >= 0) {
      throw new IllegalArgumentException("warmUp: got " + warmUp + ", allowed 0 to below duration");
    }
    if (drain.isNegative() || progressTokens < 0) {
      throw new IllegalArgumentException(
          "drain, progressTokens: got " + drain + ", " + progressTokens + ", allowed >= 0");
    }
    if (buckets <= 0) {
      throw new IllegalArgumentException("buckets: got " + buckets + ", allowed > 0");
    }
  }

  /** Everything counts, nothing is waited for after the end, no progress is reported. */
  public static SimulationOptions of(Duration duration, long seed) {
    return new SimulationOptions(duration, Duration.ZERO, Duration.ZERO, seed, 0, 120);
  }

  /** As this, with some time at the end. */
  public SimulationOptions withDrain(Duration newDrain) {
    return new SimulationOptions(duration, warmUp, newDrain, seed, progressTokens, buckets);
  }

  /** As this, counting later. */
  public SimulationOptions withWarmUp(Duration newWarmUp) {
    return new SimulationOptions(duration, newWarmUp, drain, seed, progressTokens, buckets);
  }

  /** As this, with reports every so many tokens. */
  public SimulationOptions withProgress(long tokens) {
    return new SimulationOptions(duration, warmUp, drain, seed, tokens, buckets);
  }
}
