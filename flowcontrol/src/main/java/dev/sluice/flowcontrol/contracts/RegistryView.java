package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.FlowKey;
import java.util.List;

/**
 * The engine's bands and flows. The totals and the bands are of one moment. The flows are read
 * after it, a few hundred at a time, so that decisions need not wait for a large view: each flow is
 * consistent in itself, and while requests come and go, the flows may add up to other numbers than
 * their band. Immutable.
 *
 * @param takenAtNanos the time at which the view was taken
 * @param saturation the saturation of the whole pool; may be NaN
 * @param queuedRequests requests in all queues
 * @param queuedBytes bytes in all queues
 * @param runningRequests permits that have not been returned yet
 * @param maxRequests the total limit on queued requests; 0 means none
 * @param maxBytes the total limit on queued bytes; 0 means none
 * @param hasEndpoints whether at least one endpoint is healthy
 * @param bands all bands, the most important first
 */
public record RegistryView(
    long takenAtNanos,
    double saturation,
    long queuedRequests,
    long queuedBytes,
    long runningRequests,
    long maxRequests,
    long maxBytes,
    boolean hasEndpoints,
    List<Band> bands) {

  /** This view with other bands. */
  public RegistryView withBands(List<Band> others) {
    return new RegistryView(
        takenAtNanos,
        saturation,
        queuedRequests,
        queuedBytes,
        runningRequests,
        maxRequests,
        maxBytes,
        hasEndpoints,
        others);
  }

  /**
   * All flows of one priority. Immutable.
   *
   * @param ceiling the saturation from which the band gets nothing more
   * @param maxRequests the band's limit on queued requests
   * @param maxBytes the band's limit on queued bytes
   * @param flows all flows of the band, in the order of their keys
   */
  public record Band(
      int priority,
      long queuedRequests,
      long queuedBytes,
      long maxRequests,
      long maxBytes,
      double ceiling,
      String fairnessPolicy,
      String orderingPolicy,
      List<Flow> flows) {

    /** This band with other flows. */
    public Band withFlows(List<Flow> others) {
      return new Band(
          priority,
          queuedRequests,
          queuedBytes,
          maxRequests,
          maxBytes,
          ceiling,
          fairnessPolicy,
          orderingPolicy,
          others);
    }
  }

  /**
   * One flow. Immutable.
   *
   * @param headWaitNanos the time that the flow's next request has waited; 0 if none waits
   * @param dispatchedTotal requests dispatched since the flow was created
   * @param dispatchedCost the cost of the dispatched requests after correction, in units of {@link
   *     dev.sluice.flowcontrol.types.Cost}
   */
  public record Flow(
      FlowKey key,
      String tenant,
      double weight,
      long queuedRequests,
      long queuedBytes,
      long runningRequests,
      long headWaitNanos,
      long dispatchedTotal,
      long dispatchedCost) {}
}
