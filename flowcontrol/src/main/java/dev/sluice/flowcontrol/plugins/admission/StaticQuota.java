package dev.sluice.flowcontrol.plugins.admission;

import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.reading.Checks;

/**
 * Every flow may queue so many requests and bytes per weight, whatever is free. Type {@code
 * static}. Stateless; O(1).
 */
public final class StaticQuota implements QueueAdmissionPolicy {

  /**
   * Parameters of {@code static}. Immutable.
   *
   * @param maxRequestsPerFlow most queued requests of a flow of weight 1, at least 0; 0 means no
   *     limit. Set it to what a client can wait for
   * @param maxBytesPerFlow most queued bytes of a flow of weight 1, at least 0; 0 means no limit.
   *     Set it if bodies are large
   */
  public record Parameters(long maxRequestsPerFlow, long maxBytesPerFlow) {

    /** 100 requests. */
    public static final Parameters DEFAULT = new Parameters(100, 0);

    /** Rejects values outside their ranges. */
    public Parameters {
      new Checks()
          .notNegative("maxRequestsPerFlow", maxRequestsPerFlow)
          .notNegative("maxBytesPerFlow", maxBytesPerFlow)
          .done();
    }
  }

  private final Parameters parameters;

  /** Makes a policy with these parameters. */
  public StaticQuota(Parameters parameters) {
    this.parameters = parameters;
  }

  @Override
  public boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes) {
    var weight = tenant.weight() * flow.weight();
    return fits(flow.queuedRequests() + 1.0, weight, parameters.maxRequestsPerFlow())
        && fits((double) flow.queuedBytes() + sizeBytes, weight, parameters.maxBytesPerFlow());
  }

  private static boolean fits(double queued, double weight, long limit) {
    return limit == 0 || queued <= limit * weight;
  }
}
