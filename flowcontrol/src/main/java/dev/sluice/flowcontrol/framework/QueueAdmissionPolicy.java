package dev.sluice.flowcontrol.framework;

/**
 * Decides whether a flow may queue one more request, within the hard limits. Runs under the core's
 * lock; O(bands) at most.
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
}
