package dev.sluice.flowcontrol.framework;

/**
 * Compares backlogs for their weights. Only the ratio of the weights counts, so weights of 100 and
 * 200 mean the same as 0.01 and 0.02.
 */
public final class Shares {
  /** More than rounding can be off, and less than any difference that matters. */
  private static final double TOLERANCE = 1e-9;

  private Shares() {}

  /** The queued requests that remain to a flow or tenant after one gives way. It must have one. */
  public static double leftRequests(FlowView holder) {
    return holder.queuedRequests() - 1.0;
  }

  /** The bytes that it has left if a request of average size gives way. */
  public static double leftBytes(FlowView holder) {
    return holder.queuedBytes() * (holder.queuedRequests() - 1.0) / holder.queuedRequests();
  }

  /**
   * Whether a backlog is at most another one, each divided by its weight.
   *
   * @param backlog requests or bytes
   * @param weight above 0
   * @param otherBacklog in the same unit
   * @param otherWeight above 0
   */
  public static boolean isAtMost(
      double backlog, double weight, double otherBacklog, double otherWeight) {
    return backlog / weight <= otherBacklog / otherWeight * (1 + TOLERANCE);
  }
}
