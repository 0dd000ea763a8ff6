package dev.sluice.flowcontrol.framework;

/**
 * Decides whether a flow may queue one more, within the hard limits. Runs under the core's lock;
 * O(1).
 */
public interface QueueAdmissionPolicy {

  /** Whether a request of {@code cost} and {@code sizeBytes} may join the flow's queue. */
  boolean admits(FlowView flow, BandView band, long cost, long sizeBytes);
}
