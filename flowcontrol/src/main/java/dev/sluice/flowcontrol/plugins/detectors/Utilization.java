package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.reading.Checks;
import java.time.Duration;

/**
 * Judges the pool by its endpoints' metrics: the mean, over the healthy endpoints that serve a
 * class, of
 *
 * <pre>
 *   1.0                                                                  if the sample is stale
 *   requests of this process / queueDepthThreshold         if 5 s have brought no first sample
 *   max(waiting / queueDepthThreshold, kvUtilization / kvCacheUtilThreshold)    otherwise
 * </pre>
 *
 * <p>A request that was dispatched after an endpoint's sample counts there as one waiting request,
 * and with its prompt and half its predicted output in the KV cache, until it ends or a newer
 * sample arrives; before its endpoint is known, in equal parts on all that serve it. Upstream:
 * {@code utilization-detector}. Type {@code utilization}. Immutable; its gate runs under the core's
 * lock.
 */
public final class Utilization implements SaturationDetector {

  /**
   * Parameters of {@code utilization}. Immutable.
   *
   * @param queueDepthThreshold waiting requests at which an endpoint is full, above 0; for an
   *     endpoint without usable metrics, the requests that it runs at once. Lower it to keep
   *     waiting requests in the gateway, where priorities hold
   * @param kvCacheUtilThreshold the used part of the KV cache at which an endpoint is full, above
   *     0, at most 1. Lower it if the model servers preempt requests
   * @param metricsStalenessThreshold the age beyond which a sample says nothing, above 0. Keep it
   *     at some periods of {@code pool.metricsPeriod}, and raise it if servers answer the metrics
   *     page slowly
   * @param headroom how far above the limits the scheduler still chooses an endpoint, as a
   *     fraction, at least 0. The gate does not use it, so there is no need to change it
   */
  public record Parameters(
      int queueDepthThreshold,
      double kvCacheUtilThreshold,
      Duration metricsStalenessThreshold,
      double headroom) {

    /** 5 requests, 0.8, 200 ms. */
    public static final Parameters DEFAULT = new Parameters(5, 0.8, Duration.ofMillis(200), 0.0);

    /** Rejects values outside their ranges. */
    public Parameters {
      new Checks()
          .positive("queueDepthThreshold", queueDepthThreshold)
          .fraction("kvCacheUtilThreshold", kvCacheUtilThreshold)
          .positive("metricsStalenessThreshold", metricsStalenessThreshold)
          .notNegative("headroom", headroom)
          .done();
    }
  }

  private final Parameters parameters;

  /** A detector with these parameters. */
  public Utilization(Parameters parameters) {
    this.parameters = parameters;
  }

  @Override
  public CapacityGate newGate() {
    return new UtilizationGate(parameters);
  }

  @Override
  public Duration staleAfter() {
    return parameters.metricsStalenessThreshold();
  }
}
