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
   * @param concurrencyMode the quantity that is limited: {@code requests}, {@code tokens}, or both
   *     with {@code hybrid}. Count tokens if the lengths of requests differ much
   * @param maxConcurrency requests that one endpoint runs at once, above 0. Set it to the batch
   *     size that the model server sustains, such as {@code --max-num-seqs} of vLLM
   * @param maxTokenConcurrency tokens of running requests that one endpoint takes, above 0; it has
   *     no effect if only requests are counted. Set it to the size of the KV cache in tokens
   * @param headroom how far above the limits the scheduler still chooses an endpoint, as a
   *     fraction, at least 0. The gate does not use it, so there is no need to change it
   * @param addEstimatedOutputTokens whether a request counts with its predicted output, too. Set it
   *     to true if answers are long in comparison with prompts
   * @param inFlightLoadProducerName accepted for upstream's configurations, and without effect: the
   *     engine's own ledger is the only producer
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
