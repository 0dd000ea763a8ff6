package dev.sluice.flowcontrol.config;

import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.time.Duration;

/**
 * How one band is run. Immutable.
 *
 * @param maxRequests limit on its queued requests, above 0
 * @param maxBytes limit on its queued bytes, above 0
 * @param maxRequestsPerFlow limit on each flow's queued requests; 0 means none
 * @param maxBytesPerFlow limit on each flow's queued bytes; 0 means none
 * @param timeToLive how long its requests wait for a saturated pool; {@link #DEFAULT_TTL} means as
 *     the controller's default, zero for ever
 * @param fairness decides between its flows
 * @param ordering decides inside a flow
 * @param queue holds a flow's requests
 */
public record BandConfig(
    long maxRequests,
    long maxBytes,
    long maxRequestsPerFlow,
    long maxBytesPerFlow,
    Duration timeToLive,
    Plugin<InterFlowDispatchPolicy> fairness,
    Plugin<IntraFlowDispatchPolicy> ordering,
    Plugin<SafeQueue> queue) {

  /** Stands for "the controller's default time to live". */
  public static final Duration DEFAULT_TTL = Duration.ofNanos(-1);

  /**
   * A band with Sluice's defaults: 5,000 requests, 1 GB, {@code virtual-token}, {@code fcfs},
   * {@code list}.
   */
  public static final BandConfig DEFAULT = builtIn();

  private static BandConfig builtIn() {
    var catalog = PluginCatalog.builtIn();
    return new BandConfig(
        5_000,
        1_000_000_000L,
        0,
        0,
        DEFAULT_TTL,
        catalog.plugin(InterFlowDispatchPolicy.class, "virtual-token"),
        catalog.plugin(IntraFlowDispatchPolicy.class, "fcfs"),
        catalog.plugin(SafeQueue.class, "list"));
  }

  /** This band with other limits on what it queues. */
  public BandConfig withLimits(long requests, long bytes) {
    return new BandConfig(
        requests,
        bytes,
        maxRequestsPerFlow,
        maxBytesPerFlow,
        timeToLive,
        fairness,
        ordering,
        queue);
  }

  /** This band with other limits on what each of its flows queues. */
  public BandConfig withFlowLimits(long requests, long bytes) {
    return new BandConfig(
        maxRequests, maxBytes, requests, bytes, timeToLive, fairness, ordering, queue);
  }

  /** This band with another time to live. */
  public BandConfig withTimeToLive(Duration ttl) {
    return new BandConfig(
        maxRequests, maxBytes, maxRequestsPerFlow, maxBytesPerFlow, ttl, fairness, ordering, queue);
  }

  /** This band with another policy between flows. */
  public BandConfig withFairness(Plugin<InterFlowDispatchPolicy> policy) {
    return new BandConfig(
        maxRequests,
        maxBytes,
        maxRequestsPerFlow,
        maxBytesPerFlow,
        timeToLive,
        policy,
        ordering,
        queue);
  }

  /** This band with another order inside flows, and a queue that can keep it. */
  public BandConfig withOrdering(
      Plugin<IntraFlowDispatchPolicy> policy, Plugin<SafeQueue> newQueue) {
    return new BandConfig(
        maxRequests,
        maxBytes,
        maxRequestsPerFlow,
        maxBytesPerFlow,
        timeToLive,
        fairness,
        policy,
        newQueue);
  }
}
