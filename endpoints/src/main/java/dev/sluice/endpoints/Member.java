package dev.sluice.endpoints;

import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.Candidate;
import dev.sluice.flowcontrol.contracts.EndpointState;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One endpoint of an {@link EndpointPool}: its health, its models, its last sample, and the number
 * of leases on it. Not thread-safe: the pool's lock guards it.
 */
final class Member implements Candidate {
  /** Samples older than this are ignored when the load of other senders is estimated. */
  private static final long STALE_NANOS = Duration.ofSeconds(5).toNanos();

  private final Health health;
  private EndpointConfig config;
  private ServedModels models;
  private @Nullable EndpointMetrics metrics;
  private long sampledAtNanos = EndpointState.NEVER_SAMPLED;

  /** All of the above, as the engine sees it. Rebuilt at every change. */
  private EndpointState state;

  private int ownRequests;
  private int sampledForeignRequests;
  private int foreignRequests;

  /** An endpoint that is unchecked, never sampled and idle. */
  Member(EndpointConfig config, HealthThresholds thresholds) {
    this.config = config;
    health = new Health(thresholds);
    models = new ServedModels(config);
    state = newState();
  }

  EndpointConfig config() {
    return config;
  }

  /** What the engine is told of this endpoint. */
  EndpointState state() {
    return state;
  }

  Health.State health() {
    return health.state();
  }

  List<ServedModel> models() {
    return models.all();
  }

  // Reports. Each returns whether the state changed.

  boolean configure(EndpointConfig next) {
    config = next;
    models = models.configured(next);
    return changed();
  }

  void configure(HealthThresholds thresholds) {
    health.reconfigure(thresholds);
  }

  boolean healthCheckPassed() {
    return health.passed() && changed();
  }

  boolean healthCheckFailed() {
    return health.failed() && changed();
  }

  boolean connectFailed() {
    return health.suspected() && changed();
  }

  boolean modelsRead(List<ServedModel> list) {
    var before = models;
    models = before.listed(list);
    return models != before && changed();
  }

  /**
   * Takes over a sample. The load of other senders is estimated as the sample's requests less our
   * leases. It is off by those of our requests that are on their way at that moment.
   */
  boolean metricsRead(EndpointMetrics sample, long atNanos) {
    metrics = sample;
    sampledAtNanos = atNanos;
    sampledForeignRequests = Math.max(0, sample.requests() - ownRequests);
    return changed();
  }

  // Choosing

  /** Brings {@link #foreignRequests} up to date before a picker reads it. */
  void lookedAt(long nowNanos) {
    foreignRequests = nowNanos - sampledAtNanos < STALE_NANOS ? sampledForeignRequests : 0;
  }

  boolean hasRoom() {
    return config.maxRequests() == 0 || ownRequests < config.maxRequests();
  }

  void leased() {
    ownRequests++;
  }

  void released() {
    ownRequests--;
  }

  // What a picker sees

  @Override
  public String id() {
    return config.id();
  }

  @Override
  public int ownRequests() {
    return ownRequests;
  }

  @Override
  public int foreignRequests() {
    return foreignRequests;
  }

  @Override
  public int waitingRequests() {
    return state.waitingRequests();
  }

  @Override
  public double kvUtilization() {
    return state.kvUtilization();
  }

  @Override
  public double capacityWeight() {
    return config.capacityWeight();
  }

  private boolean changed() {
    state = newState();
    return true;
  }

  private EndpointState newState() {
    var sample = metrics;
    return new EndpointState(
        config.id(),
        models.names(),
        models.adapters(),
        health.isHealthy(),
        sample == null ? 0 : sample.waitingRequests(),
        sample == null ? 0 : sample.runningRequests(),
        sample == null ? 0 : sample.kvUtilization(),
        sample == null ? 0 : sample.kvCapacityTokens(),
        sample == null ? 0 : sample.preemptions(),
        config.capacityWeight(),
        sampledAtNanos);
  }
}
