package dev.sluice.server.config;

import dev.sluice.endpoints.health.EjectionOptions;
import dev.sluice.flowcontrol.reading.Checks;
import java.time.Duration;

/**
 * {@code pool.ejection}: endpoints where requests fail are taken out for a while, although they
 * pass their health checks. A request fails by a broken connection, by silence, by what is not
 * HTTP, or by a 5xx other than 501, 503 and 505. The last endpoint of a model is never taken out.
 *
 * @param consecutiveFailures failed requests in a row that take an endpoint out; 0 means that no
 *     number does
 * @param errorRate the part of its requests that fails and takes an endpoint out, if its peers'
 *     part is at most half of that; 0 means that no rate does
 * @param minRequests requests within {@code window} below which a rate says nothing
 * @param window the time over which rates are taken
 * @param backOff the time for which an endpoint is out the first time; it doubles each further
 *     time, and is varied by a fifth. After that, one real request at a time tries the endpoint
 * @param maxBackOff the longest time for which an endpoint is out
 * @param maxEjected the part of the pool that may be out at once; one endpoint may be, unless this
 *     is 0
 */
public record EjectionSection(
    int consecutiveFailures,
    double errorRate,
    int minRequests,
    Duration window,
    Duration backOff,
    Duration maxBackOff,
    double maxEjected) {

  /** The defaults. */
  public static final EjectionSection DEFAULT = of(EjectionOptions.DEFAULT);

  /** Rejects values outside their ranges, all at once. */
  public EjectionSection {
    new Checks()
        .notNegative("consecutiveFailures", consecutiveFailures)
        .that(errorRate >= 0 && errorRate <= 1, "errorRate", errorRate, "0 to 1")
        .positive("minRequests", minRequests)
        .positive("window", window)
        .positive("backOff", backOff)
        .that(
            maxBackOff.compareTo(backOff) >= 0,
            "maxBackOff",
            maxBackOff,
            "at least backOff, which is " + backOff)
        .that(maxEjected >= 0 && maxEjected <= 1, "maxEjected", maxEjected, "0 to 1")
        .done();
  }

  private static EjectionSection of(EjectionOptions options) {
    return new EjectionSection(
        options.consecutiveFailures(),
        options.errorRate(),
        options.minRequests(),
        options.window(),
        options.backOff(),
        options.maxBackOff(),
        options.maxEjected());
  }

  /** The pool's options. */
  EjectionOptions toOptions() {
    return new EjectionOptions(
        consecutiveFailures, errorRate, minRequests, window, backOff, maxBackOff, maxEjected);
  }
}
