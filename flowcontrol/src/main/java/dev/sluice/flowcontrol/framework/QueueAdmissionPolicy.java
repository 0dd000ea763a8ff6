package dev.sluice.flowcontrol.framework;

/**
 * Decides whether a flow may queue one more request, within the hard limits. Runs under the core's
 * lock; O(bands + log tenants) at most.
 */
public interface QueueAdmissionPolicy {

  /**
   * Whether a request may join the flow's queue.
   *
   * @param flow the flow of the request
   * @param tenant all flows of that tenant in the band, taken together
   * @param band the band of the request
   * @param cost the estimated cost, in units of {@code Cost}
   * @param sizeBytes the size of the request
   */
  boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes);

  /**
   * Whether a tenant below its share always finds a place. If true, a request that is refused takes
   * the place of one of its own band, under these conditions:
   *
   * <ul>
   *   <li>The request that gives way belongs to the tenant that then has most left for its weight,
   *       in what is short: requests or bytes. After the exchange that tenant still has at least as
   *       much for its weight as the newcomer's tenant.
   *   <li>If no other tenant has that much, or if {@link #admits} said no, the request that gives
   *       way belongs to another flow of the newcomer's own tenant, under the same condition.
   *   <li>One request gives way, and only if the newcomer then fits.
   * </ul>
   *
   * <p>The exchange cannot be reversed, so two tenants never take places from each other in turn.
   * The engine holds these conditions; a policy only turns the exchange on.
   */
  default boolean protectsShares() {
    return false;
  }
}
