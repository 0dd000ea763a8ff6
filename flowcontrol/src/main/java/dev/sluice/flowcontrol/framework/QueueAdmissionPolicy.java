package dev.sluice.flowcontrol.framework;

/**
 * Decides whether a flow may queue one more, within the hard limits. Runs under the core's lock;
 * O(bands) at most.
 */
public interface QueueAdmissionPolicy {

  /**
   * Whether a request may join the flow's queue.
   *
   * @param flow its flow
   * @param tenant all flows of its tenant in the band, taken together
   * @param band its band
   * @param cost its estimate, in units of {@code Cost}
   * @param sizeBytes its bytes
   */
  boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes);
}
