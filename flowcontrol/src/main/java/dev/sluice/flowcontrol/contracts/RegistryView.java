package dev.sluice.flowcontrol.contracts;

import dev.sluice.flowcontrol.types.FlowKey;
import java.util.List;

/**
 * The engine's bands and flows at one moment, consistent in itself. Immutable.
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
      List<Flow> flows) {}

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
