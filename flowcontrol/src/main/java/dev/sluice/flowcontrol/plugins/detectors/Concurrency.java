package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.reading.Checks;

/**
 * Compares the work that this process has in flight with a limit per endpoint:
 *
 * <pre>
 *   requests   sum of requests / sum of maxConcurrency
 *   tokens     sum of tokens / sum of maxTokenConcurrency
 *   hybrid     mean over endpoints of max(requests / maxConcurrency, tokens / maxTokenConcurrency)
 * </pre>
 *
 * <p>over the healthy endpoints that serve a class. Needs no metrics. A request counts from its
 * grant, so saturation is exact at every dispatch. Upstream: {@code concurrency-detector}. Type
 * {@code concurrency}. Immutable; its gate runs under the core's lock.
 */
public final class Concurrency implements SaturationDetector {

  /**
   * Parameters of {@code concurrency}. Immutable.
   *
   * @param concurrencyMode what is counted
   * @param maxConcurrency requests that one endpoint takes, above 0
   * @param maxTokenConcurrency tokens that one endpoint takes, above 0
   * @param headroom how far above the limits the scheduler still chooses an endpoint, as a
   *     fraction, at least 0; the gate does not use it
   * @param addEstimatedOutputTokens whether a request counts with its predicted output, too
   * @param inFlightLoadProducerName accepted for upstream's configurations; the engine's own ledger
   *     is the only producer
   */
  public record Parameters(
      ConcurrencyMode concurrencyMode,
      long maxConcurrency,
      long maxTokenConcurrency,
      double headroom,
      boolean addEstimatedOutputTokens,
      String inFlightLoadProducerName) {

    /** 100 requests per endpoint. */
    public static final Parameters DEFAULT =
        new Parameters(ConcurrencyMode.REQUESTS, 100, 1_000_000, 0.0, false, "");

    /** Rejects values outside their ranges. */
    public Parameters {
      new Checks()
          .positive("maxConcurrency", maxConcurrency)
          .positive("maxTokenConcurrency", maxTokenConcurrency)
          .notNegative("headroom", headroom)
          .done();
    }
  }

  private final Parameters parameters;

  /** A detector with these parameters. */
  public Concurrency(Parameters parameters) {
    this.parameters = parameters;
  }

  @Override
  public CapacityGate newGate() {
    return new ConcurrencyGate(parameters);
  }
}
