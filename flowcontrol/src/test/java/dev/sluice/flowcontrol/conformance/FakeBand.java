package dev.sluice.flowcontrol.conformance;

import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowView;
import org.jspecify.annotations.Nullable;

/**
 * A band whose every property is given.
 *
 * @param fullest the tenant with most requests and most bytes for its weight
 */
public record FakeBand(
    int priority,
    int queuedRequests,
    long queuedBytes,
    long maxRequests,
    long maxBytes,
    int activeFlows,
    int activeTenants,
    long freeRequests,
    long freeBytes,
    double weight,
    double reservedShare,
    @Nullable FlowView fullest)
    implements BandView {

  /** A band of which it is not said which tenant has most. */
  public FakeBand(
      int priority,
      int queuedRequests,
      long queuedBytes,
      long maxRequests,
      long maxBytes,
      int activeFlows,
      int activeTenants,
      long freeRequests,
      long freeBytes,
      double weight,
      double reservedShare) {
    this(
        priority,
        queuedRequests,
        queuedBytes,
        maxRequests,
        maxBytes,
        activeFlows,
        activeTenants,
        freeRequests,
        freeBytes,
        weight,
        reservedShare,
        null);
  }

  /** The same band, of which this tenant has most for its weight. */
  public FakeBand withFullest(FlowView tenant) {
    return new FakeBand(
        priority,
        queuedRequests,
        queuedBytes,
        maxRequests,
        maxBytes,
        activeFlows,
        activeTenants,
        freeRequests,
        freeBytes,
        weight,
        reservedShare,
        tenant);
  }

  @Override
  public @Nullable FlowView fullestByRequests() {
    return fullest;
  }

  @Override
  public @Nullable FlowView fullestByBytes() {
    return fullest;
  }

  /** A band of priority 0 without anything queued. */
  public static FakeBand empty(long maxRequests, long maxBytes) {
    return holding(0, 0, maxRequests, maxBytes, 0);
  }

  /** A band of priority 0 with something queued, in which every flow has a tenant of its own. */
  public static FakeBand holding(
      int requests, long bytes, long maxRequests, long maxBytes, int activeFlows) {
    return new FakeBand(
        0,
        requests,
        bytes,
        maxRequests,
        maxBytes,
        activeFlows,
        activeFlows,
        Math.max(0, maxRequests - requests),
        Math.max(0, maxBytes - bytes),
        1.0,
        Double.NaN);
  }

  /** An empty band of a priority, of weight 1 and without a reserved share. */
  public static FakeBand ofPriority(int priority) {
    return ofPriority(priority, 1.0, Double.NaN);
  }

  /** An empty band of a priority with a share. */
  public static FakeBand ofPriority(int priority, double weight, double reservedShare) {
    return new FakeBand(
        priority, 0, 0, 1_000, 1 << 20, 0, 0, 1_000, 1 << 20, weight, reservedShare);
  }
}
