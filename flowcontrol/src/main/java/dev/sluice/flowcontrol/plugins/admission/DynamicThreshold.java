package dev.sluice.flowcontrol.plugins.admission;

import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.Shares;

/**
 * A tenant below its share always finds a place, a tenant that is alone may use every place, and
 * tenants above their share leave room free. Type {@code dynamic-threshold}. Stateless.
 *
 * <pre>
 *   admit   if no other tenant of the band has something queued
 *           or if (own + 1) / weight &lt;= (largest - 1) / its weight      below its share
 *           or if queued &lt; alpha * tenants * free                       room is left
 * </pre>
 *
 * <p>{@code own} is what the newcomer's tenant has queued, {@code largest} what the tenant has that
 * would have most left for its weight, {@code queued} what the band has, {@code tenants} how many
 * tenants of the band compete, the newcomer's counted, and {@code free} what the band could still
 * queue, counting the places of less important bands. The rule holds in requests and in bytes.
 *
 * <p>A tenant below its share that finds the queue full takes a place from the largest ({@link
 * #protectsShares}). So a tenant is refused only if it has, for its weight, as much queued as the
 * largest, give or take one request of each. Such a tenant has a full queue's places in proportion
 * to its weight. The third line is the dynamic threshold of Choudhury and Hahne: {@code S} tenants
 * that want more than they get end at {@code alpha * B / (1 + alpha * S)} places each, and {@code B
 * / (1 + alpha * S)} stay free, so that newcomers seldom have to take one. Only ratios of weights
 * count. Opening more flows gains nothing, because tenants compete. O(bands + log tenants).
 */
public final class DynamicThreshold implements QueueAdmissionPolicy {

  /**
   * Parameters of {@code dynamic-threshold}. Immutable.
   *
   * @param alpha how much a tenant above its share may queue, as a multiple of what stays free,
   *     above 0. Lower it to keep more room for tenants that come later, raise it to refuse less
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

  /** Makes a policy with these parameters. */
  public DynamicThreshold(Parameters parameters) {
    alpha = parameters.alpha();
  }

  @Override
  public boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes) {
    var isActive = tenant.queuedRequests() > 0;
    var competing = isActive ? band.activeTenants() : band.activeTenants() + 1;
    return competing == 1
        || (mayQueueRequest(tenant, band, competing)
            && mayQueueBytes(tenant, band, competing, sizeBytes));
  }

  private boolean mayQueueRequest(FlowView tenant, BandView band, int competing) {
    if (leavesRoom(band.queuedRequests(), band.freeRequests(), competing)) {
      return true;
    }
    var largest = band.fullestByRequests();
    return largest != null
        && Shares.isAtMost(
            tenant.queuedRequests() + 1.0,
            tenant.weight(),
            Shares.leftRequests(largest),
            largest.weight());
  }

  private boolean mayQueueBytes(FlowView tenant, BandView band, int competing, long sizeBytes) {
    if (leavesRoom(band.queuedBytes(), band.freeBytes(), competing)) {
      return true;
    }
    var largest = band.fullestByBytes();
    return largest != null
        && Shares.isAtMost(
            (double) tenant.queuedBytes() + sizeBytes,
            tenant.weight(),
            Shares.leftBytes(largest),
            largest.weight());
  }

  private boolean leavesRoom(long queued, long free, int competing) {
    return (double) queued < alpha * competing * (double) free;
  }

  @Override
  public boolean protectsShares() {
    return true;
  }
}
