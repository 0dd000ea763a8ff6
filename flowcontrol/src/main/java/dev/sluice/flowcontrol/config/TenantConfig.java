package dev.sluice.flowcontrol.config;

import java.util.Map;

/**
 * The weight and the limits of one tenant, over all flows of that tenant. Immutable.
 *
 * @param weight the share relative to the other tenants of a band, above 0
 * @param maxQueuedRequests limit on queued requests; 0 means none
 * @param maxRunningRequests limit on running requests, at which the queues wait; 0 means none
 * @param maxBytes limit on queued bytes; 0 means none
 * @param flowWeights the share of each flow relative to the other flows of the tenant, by flow id,
 *     above 0; 1 for a flow that is not named
 */
public record TenantConfig(
    double weight,
    long maxQueuedRequests,
    long maxRunningRequests,
    long maxBytes,
    Map<String, Double> flowWeights) {

  /** Weight 1, no limits, flows of equal weight. */
  public static final TenantConfig DEFAULT = new TenantConfig(1.0, 0, 0, 0);

  /** Copies {@code flowWeights}. */
  public TenantConfig {
    flowWeights = Map.copyOf(flowWeights);
  }

  /** A tenant whose flows have equal weights. */
  public TenantConfig(
      double weight, long maxQueuedRequests, long maxRunningRequests, long maxBytes) {
    this(weight, maxQueuedRequests, maxRunningRequests, maxBytes, Map.of());
  }

  /** The weight of a flow of this tenant. */
  public double flowWeight(String flowId) {
    return flowWeights.isEmpty() ? 1.0 : flowWeights.getOrDefault(flowId, 1.0);
  }
}
