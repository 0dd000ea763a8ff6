package dev.sluice.simulation.run;

import java.time.Duration;

/**
 * The options of a simulation. Immutable.
 *
 * @param duration the time in which requests arrive, above 0
 * @param warmUp the time before requests are counted, below {@code duration}; requests that arrive
 *     earlier are load and nothing else
 * @param drain the time after {@code duration} in which requests may still end; requests that have
 *     not ended then count as open
 * @param seed the seed of the requests that other senders make to the servers
 * @param progressTokens the generated tokens after which each request reports its usage so far; 0
 *     means at the end only
 * @param buckets the number of equal parts into which charts divide the time, above 0
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

  /** No warm-up, no time after the end, no reports of progress, 120 buckets. */
  public static SimulationOptions of(Duration duration, long seed) {
    return new SimulationOptions(duration, Duration.ZERO, Duration.ZERO, seed, 0, 120);
  }

  /** These options with time after the end. */
  public SimulationOptions withDrain(Duration newDrain) {
    return new SimulationOptions(duration, warmUp, newDrain, seed, progressTokens, buckets);
  }

  /** These options with a warm-up. */
  public SimulationOptions withWarmUp(Duration newWarmUp) {
    return new SimulationOptions(duration, newWarmUp, drain, seed, progressTokens, buckets);
  }

  /** These options with a report of progress after this number of tokens. */
  public SimulationOptions withProgress(long tokens) {
    return new SimulationOptions(duration, warmUp, drain, seed, tokens, buckets);
  }
}
