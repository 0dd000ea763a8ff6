package dev.sluice.flowcontrol.config;

import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.time.Duration;

/**
 * The configuration of one band. Immutable. {@link #builder} begins with {@link #DEFAULT}, {@link
 * #toBuilder} with this band; the {@code with} methods return copies in which one thing is changed.
 *
 * @param limits the limits on queued requests and bytes
 * @param timeToLive the time that a request waits for a saturated pool; {@link #DEFAULT_TTL} means
 *     the controller's default, zero for ever
 * @param share the share of the service beside other bands
 * @param promotion the rule by which old requests are served out of the order of their flow
 * @param fairness the policy between the tenants of the band, and between the flows of a tenant
 * @param ordering the policy inside a flow
 * @param queue the queue that holds the requests of a flow
 */
public record BandConfig(
    Limits limits,
    Duration timeToLive,
    Share share,
    Promotion promotion,
    Plugin<InterFlowDispatchPolicy> fairness,
    Plugin<IntraFlowDispatchPolicy> ordering,
    Plugin<SafeQueue> queue) {

  /** A time to live of more than 73 years counts as 73 years. */
  public BandConfig {
    timeToLive = FlowControlConfig.atMostLongest(timeToLive);
  }

  /**
   * The limits on what a band queues. Immutable.
   *
   * @param maxRequests limit on queued requests, above 0
   * @param maxBytes limit on queued bytes, above 0
   * @param maxRequestsPerFlow limit on each flow's queued requests; 0 means none
   * @param maxBytesPerFlow limit on each flow's queued bytes; 0 means none
   */
  public record Limits(
      long maxRequests, long maxBytes, long maxRequestsPerFlow, long maxBytesPerFlow) {}

  /**
   * The share of a band, for band policies that use it. Immutable.
   *
   * @param weight the share relative to other bands, above 0
   * @param reserved the part of all service that the band is sure of, 0 to below 1; NaN leaves it
   *     to the policy
   */
  public record Share(double weight, double reserved) {

    /** Weight 1, and the reserve that the policy chooses. */
    public static final Share DEFAULT = new Share(1.0, Double.NaN);
  }

  /**
   * The rule by which old requests are served out of the order of their flow: every nth pick takes
   * the oldest request, if that request has waited long. So no request waits for ever under any
   * order. Immutable.
   *
   * @param every the n of "every nth pick", counted while the queue is not empty; 0 means never
   * @param after the time that the oldest request must have waited; {@link #HALF_TTL} means half of
   *     its time to live, or 30 s if that has no end
   */
  public record Promotion(int every, Duration after) {

    /** A time of more than 73 years counts as 73 years. */
    public Promotion {
      after = FlowControlConfig.atMostLongest(after);
    }

    /** Stands for "half the request's time to live". */
    public static final Duration HALF_TTL = Duration.ofNanos(-1);

    /** Every fourth pick, after half the time to live. */
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

  /** A builder that begins with {@link #DEFAULT}. */
  public static Builder builder() {
    return DEFAULT.toBuilder();
  }

  /** A builder that begins with this band. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /** A copy of this band with these limits on its queued requests and bytes. */
  public BandConfig withLimits(long requests, long bytes) {
    return withLimits(
        new Limits(requests, bytes, limits.maxRequestsPerFlow, limits.maxBytesPerFlow));
  }

  /** A copy of this band with these limits on the queued requests and bytes of each flow. */
  public BandConfig withFlowLimits(long requests, long bytes) {
    return withLimits(new Limits(limits.maxRequests, limits.maxBytes, requests, bytes));
  }

  /** A copy of this band with these limits. */
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

  /** Builds bands. Not thread-safe. */
  public static final class Builder {
    private BandConfig band;

    private Builder(BandConfig band) {
      this.band = band;
    }

    /** The limits on the band's queued requests and bytes, above 0. */
    public Builder limits(long requests, long bytes) {
      band = band.withLimits(requests, bytes);
      return this;
    }

    /** The limits on the queued requests and bytes of each flow; 0 means none. */
    public Builder flowLimits(long requests, long bytes) {
      band = band.withFlowLimits(requests, bytes);
      return this;
    }

    /** The time that a request waits for a saturated pool; zero is for ever. */
    public Builder timeToLive(Duration ttl) {
      band = band.withTimeToLive(ttl);
      return this;
    }

    /** The share of the service beside other bands. */
    public Builder share(Share share) {
      band = band.withShare(share);
      return this;
    }

    /** The rule by which old requests are served out of order. */
    public Builder promotion(Promotion promotion) {
      band = band.withPromotion(promotion);
      return this;
    }

    /** The policy between the tenants of the band, and between the flows of a tenant. */
    public Builder fairness(Plugin<InterFlowDispatchPolicy> policy) {
      band = band.withFairness(policy);
      return this;
    }

    /** The order inside a flow, and a queue that can keep it. */
    public Builder ordering(Plugin<IntraFlowDispatchPolicy> policy, Plugin<SafeQueue> queue) {
      band = band.withOrdering(policy, queue);
      return this;
    }

    /** The band. */
    public BandConfig build() {
      return band;
    }
  }
}
