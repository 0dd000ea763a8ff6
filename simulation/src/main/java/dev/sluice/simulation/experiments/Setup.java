package dev.sluice.simulation.experiments;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.EarlyRefusalConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * The engine's configuration as experiments vary it: the defaults with strict bands and a pool of
 * known size, and without limits and times to live unless an experiment sets them. Mutable; used by
 * one run.
 */
public final class Setup {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();
  private static final long PLENTY = 1L << 40;

  private final FlowControlConfig.Builder config =
      FlowControlConfig.builder()
          .maxBytes(0)
          .defaultTtl(Duration.ZERO)
          .bandPolicy(CATALOG.plugin(BandPolicy.class, "strict"))
          .queueAdmission(CATALOG.plugin(QueueAdmissionPolicy.class, "none"));
  private final TreeMap<Integer, BandConfig.Share> shares = new TreeMap<>();
  private BandConfig band = BandConfig.DEFAULT.withLimits(PLENTY, PLENTY);

  /** A setup whose endpoints take {@code slots} requests each. */
  public Setup(int slots) {
    detector("concurrency", Map.of("maxConcurrency", slots));
  }

  /** Decides between flows. */
  public Setup fairness(String type) {
    return fairness(CATALOG.plugin(InterFlowDispatchPolicy.class, type));
  }

  /** Decides between flows. */
  public Setup fairness(Plugin<InterFlowDispatchPolicy> plugin) {
    band = band.withFairness(plugin);
    return this;
  }

  /** Decides inside a flow. */
  public Setup ordering(String type, Map<String, Object> parameters) {
    return ordering(CATALOG.plugin(IntraFlowDispatchPolicy.class, type, parameters));
  }

  /** Decides inside a flow. */
  public Setup ordering(Plugin<IntraFlowDispatchPolicy> plugin) {
    band = band.withOrdering(plugin, CATALOG.plugin(SafeQueue.class, "heap"));
    return this;
  }

  /** Sets the rule by which old requests are served out of a flow's order. */
  public Setup promotion(int every, Duration after) {
    band = band.withPromotion(new BandConfig.Promotion(every, after));
    return this;
  }

  /** Sets the predictor of output lengths, which is {@code ema} by default. */
  public Setup predictor(String type) {
    return predictor(CATALOG.plugin(OutputPredictor.class, type));
  }

  /** Sets the predictor of output lengths. */
  public Setup predictor(Plugin<OutputPredictor> plugin) {
    config.outputPredictor(plugin);
    return this;
  }

  /** Sets the cost model, which is {@code weighted-tokens} by default. */
  public Setup costs(Plugin<CostModel> plugin) {
    config.costModel(plugin);
    return this;
  }

  /** Sets the policy between bands. */
  public Setup bands(String type) {
    config.bandPolicy(CATALOG.plugin(BandPolicy.class, type));
    return this;
  }

  /** Sets the share of all service that a band is sure of. */
  public Setup reserve(int priority, double share) {
    shares.put(priority, new BandConfig.Share(1.0, share));
    return this;
  }

  /** Sets the policy that decides whether a flow may queue one more request. */
  public Setup admission(String type) {
    return admission(CATALOG.plugin(QueueAdmissionPolicy.class, type));
  }

  /** Decides whether a flow may queue one more. */
  public Setup admission(Plugin<QueueAdmissionPolicy> plugin) {
    config.queueAdmission(plugin);
    return this;
  }

  /** Tells how full the pool is. */
  public Setup detector(String type, Map<String, Object> parameters) {
    return detector(CATALOG.plugin(SaturationDetector.class, type, parameters));
  }

  /** Tells how full the pool is. */
  public Setup detector(Plugin<SaturationDetector> plugin) {
    config.detector(plugin);
    return this;
  }

  /** Sets the limit on all queued requests, and whether they give way to more important ones. */
  public Setup maxRequests(long limit, boolean displacement) {
    config.maxRequests(limit).displacement(displacement);
    return this;
  }

  /** Sets the longest time that a request waits. */
  public Setup timeToLive(Duration ttl) {
    config.defaultTtl(ttl);
    return this;
  }

  /** Refuses requests on arrival that would expire in the queue. */
  public Setup earlyRefusal(double margin) {
    config.earlyRefusal(new EarlyRefusalConfig(true, margin));
    return this;
  }

  /** Sets a tenant's share. */
  public Setup weight(String tenant, double weight) {
    config.tenant(tenant, new TenantConfig(weight, 0, 0, 0));
    return this;
  }

  /** Sets the limit on the queued requests of a tenant. */
  public Setup maxQueued(String tenant, long limit) {
    config.tenant(tenant, new TenantConfig(1.0, limit, 0, 0));
    return this;
  }

  /** Sets the time after which a flow without requests is forgotten. */
  public Setup flowIdleTimeout(Duration timeout) {
    config.flowIdleTimeout(timeout);
    return this;
  }

  /** The configuration. */
  public FlowControlConfig build() {
    config.defaultBand(band).defaultNegativeBand(band);
    shares.forEach((priority, share) -> config.band(priority, band.withShare(share)));
    return config.build();
  }
}
