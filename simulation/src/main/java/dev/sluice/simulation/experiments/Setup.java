package dev.sluice.simulation.experiments;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.framework.BandPolicy;
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
 * The engine's configuration as experiments vary it: the defaults, without limits and times to live
 * unless said, strict bands, and a pool of known size. Mutable; used by one run.
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

  /** A setup whose endpoints take so many requests each. */
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

  /** What is served out of a flow's order. */
  public Setup promotion(int every, Duration after) {
    band = band.withPromotion(new BandConfig.Promotion(every, after));
    return this;
  }

  /** Guesses output lengths: {@code ema} unless said. */
  public Setup predictor(String type) {
    return predictor(CATALOG.plugin(OutputPredictor.class, type));
  }

  /** Guesses output lengths. */
  public Setup predictor(Plugin<OutputPredictor> plugin) {
    config.outputPredictor(plugin);
    return this;
  }

  /** Decides between bands. */
  public Setup bands(String type) {
    config.bandPolicy(CATALOG.plugin(BandPolicy.class, type));
    return this;
  }

  /** What a band is sure of. */
  public Setup reserve(int priority, double share) {
    shares.put(priority, new BandConfig.Share(1.0, share));
    return this;
  }

  /** Decides whether a flow may queue one more. */
  public Setup admission(String type) {
    config.queueAdmission(CATALOG.plugin(QueueAdmissionPolicy.class, type));
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

  /** Most queued requests in all, and whether they give way to more important ones. */
  public Setup maxRequests(long limit, boolean displacement) {
    config.maxRequests(limit).displacement(displacement);
    return this;
  }

  /** How long a request waits at most. */
  public Setup timeToLive(Duration ttl) {
    config.defaultTtl(ttl);
    return this;
  }

  /** A tenant's share. */
  public Setup weight(String tenant, double weight) {
    config.tenant(tenant, new TenantConfig(weight, 0, 0, 0));
    return this;
  }

  /** Most queued requests of a tenant. */
  public Setup maxQueued(String tenant, long limit) {
    config.tenant(tenant, new TenantConfig(1.0, limit, 0, 0));
    return this;
  }

  /** When a flow without requests is forgotten. */
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
