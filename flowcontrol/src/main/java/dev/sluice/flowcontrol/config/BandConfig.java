package dev.sluice.flowcontrol.config;

import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.time.Duration;

/**
 * How one band is run. Immutable; {@link #DEFAULT} and the {@code with} methods make others.
 *
 * @param limits what it may queue
 * @param timeToLive how long its requests wait for a saturated pool; {@link #DEFAULT_TTL} means as
 *     the controller's default, zero for ever
 * @param share what it gets beside other bands
 * @param promotion what is served out of a flow's order because it waited long
 * @param fairness decides between its tenants, and between a tenant's flows
 * @param ordering decides inside a flow
 * @param queue holds a flow's requests
 */
public record BandConfig(
    Limits limits,
    Duration timeToLive,
    Share share,
    Promotion promotion,
    Plugin<InterFlowDispatchPolicy> fairness,
    Plugin<IntraFlowDispatchPolicy> ordering,
    Plugin<SafeQueue> queue) {

  /**
   * What a band may queue. Immutable.
   *
   * @param maxRequests limit on its queued requests, above 0
   * @param maxBytes limit on its queued bytes, above 0
   * @param maxRequestsPerFlow limit on each flow's queued requests; 0 means none
   * @param maxBytesPerFlow limit on each flow's queued bytes; 0 means none
   */
  public record Limits(
      long maxRequests, long maxBytes, long maxRequestsPerFlow, long maxBytesPerFlow) {}

  /**
   * What a band gets beside others, as far as the band policy asks for it. Immutable.
   *
   * @param weight its share relative to other bands, above 0
   * @param reserved the part of all service that it is sure of, 0 to below 1; NaN leaves it to the
   *     policy
   */
  public record Share(double weight, double reserved) {

    /** Weight 1, and what the policy reserves. */
    public static final Share DEFAULT = new Share(1.0, Double.NaN);
  }

  /**
   * What is served out of a flow's order: of every so many picks one takes the oldest request, if
   * that has waited long, so that no order lets one wait for ever. Immutable.
   *
   * @param every one of how many picks from a queue that is never empty between them; 0 means never
   * @param after how long the oldest must have waited; {@link #HALF_TTL} means half its time to
   *     live, or 30 s where that has no end
   */
  public record Promotion(int every, Duration after) {

    /** Stands for "half the request's time to live". */
    public static final Duration HALF_TTL = Duration.ofNanos(-1);

    /** One of 4, after half the time to live. */
    public static final Promotion DEFAULT = new Promotion(4, HALF_TTL);
  }

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
        new Limits(5_000, 1_000_000_000L, 0, 0),
        DEFAULT_TTL,
        Share.DEFAULT,
        Promotion.DEFAULT,
        catalog.plugin(InterFlowDispatchPolicy.class, "virtual-token"),
        catalog.plugin(IntraFlowDispatchPolicy.class, "fcfs"),
        catalog.plugin(SafeQueue.class, "list"));
  }

  /** This band with other limits on what it queues. */
  public BandConfig withLimits(long requests, long bytes) {
    return withLimits(
        new Limits(requests, bytes, limits.maxRequestsPerFlow, limits.maxBytesPerFlow));
  }

  /** This band with other limits on what each of its flows queues. */
  public BandConfig withFlowLimits(long requests, long bytes) {
    return withLimits(new Limits(limits.maxRequests, limits.maxBytes, requests, bytes));
  }

  /** This band with other limits. */
  public BandConfig withLimits(Limits newLimits) {
    return new BandConfig(newLimits, timeToLive, share, promotion, fairness, ordering, queue);
  }

  /** This band with another time to live. */
  public BandConfig withTimeToLive(Duration ttl) {
    return new BandConfig(limits, ttl, share, promotion, fairness, ordering, queue);
  }

  /** This band with another share. */
  public BandConfig withShare(Share newShare) {
    return new BandConfig(limits, timeToLive, newShare, promotion, fairness, ordering, queue);
  }

  /** This band with another promotion. */
  public BandConfig withPromotion(Promotion newPromotion) {
    return new BandConfig(limits, timeToLive, share, newPromotion, fairness, ordering, queue);
  }

  /** This band with another policy between flows. */
  public BandConfig withFairness(Plugin<InterFlowDispatchPolicy> policy) {
    return new BandConfig(limits, timeToLive, share, promotion, policy, ordering, queue);
  }

  /** This band with another order inside flows, and a queue that can keep it. */
  public BandConfig withOrdering(
      Plugin<IntraFlowDispatchPolicy> policy, Plugin<SafeQueue> newQueue) {
    return new BandConfig(limits, timeToLive, share, promotion, fairness, policy, newQueue);
  }
}
