package dev.sluice.endpoints.health;

import java.time.Duration;

/**
 * When an endpoint is taken out because requests fail there, and for how long. Immutable.
 *
 * @param consecutiveFailures failed requests in a row that take an endpoint out; 0 means that no
 *     number does
 * @param errorRate the part of its requests that fails and takes an endpoint out, if that is also
 *     at least twice the rate of its peers; 0 means that no rate does
 * @param minRequests the requests within {@code window} below which a rate says nothing, above 0
 * @param window the time over which rates are taken, above 0
 * @param backOff how long an endpoint stays out the first time, above 0. Each further time doubles
 *     it, and it is varied by a fifth either way
 * @param maxBackOff the longest time that an endpoint stays out, at least {@code backOff}
 * @param maxEjected the part of the pool that may be out at once, 0 to 1; at least one endpoint may
 *     be out unless this is 0
 */
public record EjectionOptions(
    int consecutiveFailures,
    double errorRate,
    int minRequests,
    Duration window,
    Duration backOff,
    Duration maxBackOff,
    double maxEjected) {

  /** Five failures in a row, or half of at least 20 requests in 30 s; out for 10 s to 5 min. */
  public static final EjectionOptions DEFAULT =
      new EjectionOptions(
          5, 0.5, 20, Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofMinutes(5), 0.5);

  /** No endpoint is ever taken out. */
  public static final EjectionOptions OFF =
      new EjectionOptions(
          0, 0, 20, Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofMinutes(5), 0);

  /** Rejects values outside their ranges. */
  public EjectionOptions {
    if (consecutiveFailures < 0 || minRequests < 1) {
      throw new IllegalArgumentException(
          "ejection: got consecutiveFailures "
              + consecutiveFailures
              + " and minRequests "
              + minRequests
              + ", allowed >= 0 and >= 1");
    }
    if (!(errorRate >= 0 && errorRate <= 1) || !(maxEjected >= 0 && maxEjected <= 1)) {
      throw new IllegalArgumentException(
          "ejection: got errorRate "
              + errorRate
              + " and maxEjected "
              + maxEjected
              + ", allowed 0 to 1");
    }
    if (!window.isPositive() || !backOff.isPositive() || maxBackOff.compareTo(backOff) < 0) {
      throw new IllegalArgumentException(
          "ejection: got window "
              + window
              + ", backOff "
              + backOff
              + " and maxBackOff "
              + maxBackOff
              + ", allowed > 0, and maxBackOff >= backOff");
    }
  }

  /** The endpoints of a pool of {@code size} that may be out at once. */
  public int mostEjected(int size) {
    return maxEjected == 0 ? 0 : Math.max(1, (int) (maxEjected * size));
  }
}
