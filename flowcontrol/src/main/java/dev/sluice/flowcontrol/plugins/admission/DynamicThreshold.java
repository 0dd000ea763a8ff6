package dev.sluice.flowcontrol.plugins.admission;

import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;

/**
 * A flow may queue up to a part of what is free, so a hog leaves room for others: the dynamic
 * threshold of Choudhury and Hahne. Type {@code dynamic-threshold}. Stateless.
 *
 * <pre>
 *   refuse iff   queued / weight &gt;= alpha * free    in requests or in bytes
 * </pre>
 *
 * <p>{@code free} is what the band could still queue, counting the places of less important bands.
 * With {@code S} flows that want more than they get, each ends at {@code alpha * B / (1 + alpha *
 * S)} of {@code B} places, and {@code B / (1 + alpha * S)} stay free for who comes next; nobody is
 * evicted. It holds for a flow while two or more of the band have something queued, the newcomer's
 * counted, and likewise for a tenant as a whole, so that opening more flows gains nothing.
 * O(bands).
 */
public final class DynamicThreshold implements QueueAdmissionPolicy {

  /**
   * The parameters. Immutable.
   *
   * @param alpha the part of the free places that a flow of weight 1 may queue, above 0
   */
  public record Parameters(double alpha) {

    /** As much as is free. */
    public static final Parameters DEFAULT = new Parameters(1.0);

    /** Rejects a value outside its range. */
    public Parameters {
      if (!(alpha > 0 && alpha <= 1e6)) {
        throw new IllegalArgumentException("alpha: got " + alpha + ", allowed above 0");
      }
    }
  }

  private final double alpha;

  /** A policy with these parameters. */
  public DynamicThreshold(Parameters parameters) {
    alpha = parameters.alpha();
  }

  @Override
  public boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes) {
    return mayQueue(flow, tenant.weight() * flow.weight(), band.activeFlows(), band)
        && mayQueue(tenant, tenant.weight(), band.activeTenants(), band);
  }

  private boolean mayQueue(FlowView who, double weight, int active, BandView band) {
    var competitors = who.queuedRequests() > 0 ? active - 1 : active;
    return competitors == 0
        || (who.queuedRequests() / weight < alpha * band.freeRequests()
            && who.queuedBytes() / weight < alpha * band.freeBytes());
  }
}
