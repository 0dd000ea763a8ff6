package dev.sluice.endpoints;

import dev.sluice.endpoints.health.Ejection;
import dev.sluice.endpoints.health.EjectionOptions;
import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.Candidate;
import dev.sluice.flowcontrol.contracts.EndpointState;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/**
 * One endpoint of an {@link EndpointPool}: its health, its models, its last sample, and the number
 * of leases on it. Not thread-safe: the pool's lock guards it.
 *
 * <p>This class is long because it also answers everything that filters and scorers may ask of a
 * candidate, in a method of a few lines each. So a choice makes no object for each endpoint.
 */
final class Member implements Candidate {
  /** Samples older than this are ignored when the load of other senders is estimated. */
  private static final long STALE_NANOS = Duration.ofSeconds(5).toNanos();

  /** What is known of the endpoint's model list. */
  private enum Listing {
    /** Nobody reads it. */
    NOT_READ,
    /** It has not been read yet, or could not be. */
    AWAITED,
    /** The endpoint answered, but with no list, or with an empty one. */
    REFUSED,
    /** It was read. */
    READ
  }

  private final Health health;
  private final Ejection ejection;
  private Listing listing = Listing.NOT_READ;
  private String modelsTrouble = "";
  private String metricsTrouble = "";
  private boolean othersList;
  private int probeLimit;
  private long unhealthySinceNanos;
  private EndpointConfig config;
  private ServedModels models;
  private @Nullable EndpointMetrics metrics;
  private long sampledAtNanos = EndpointState.NEVER_SAMPLED;

  /** All of the above, as the engine sees it. Rebuilt at every change. */
  private EndpointState state;

  private int ownRequests;
  private int sampledForeignRequests;
  private int foreignRequests;
  private long ownPromptTokens;
  private long sampleAgeNanos = Long.MAX_VALUE;

  /** An endpoint that is unchecked, never sampled and idle. */
  Member(
      EndpointConfig config,
      HealthThresholds thresholds,
      EjectionOptions ejectionOptions,
      DoubleSupplier random) {
    this.config = config;
    health = new Health(thresholds);
    ejection = new Ejection(ejectionOptions, random);
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

  Ejection ejection() {
    return ejection;
  }

  boolean isHealthy() {
    return health.isHealthy();
  }

  /** Whether failed requests have taken it out, or just one request tries it. */
  boolean isEjected() {
    return ejection.state() != Ejection.State.IN;
  }

  /** Whether it gets requests without reserve. */
  boolean isInService() {
    return state.healthy() && !isEjected();
  }

  List<ServedModel> models() {
    return models.all();
  }

  Set<String> modelNames() {
    return models.names();
  }

  /**
   * Whether the endpoint may have the model, healthy or not. One that does not say which models it
   * has may have any; but one that answers without a list has none while other endpoints list
   * theirs.
   */
  boolean mayHave(String model) {
    return modelNames().isEmpty()
        ? model.isEmpty() || listing != Listing.REFUSED || !othersList
        : state.servesModel(model);
  }

  /** How long it is taken out, and why. */
  String whyEjected() {
    return ejection.backOffNanos() / 1_000_000 + " ms: " + ejection.reason();
  }

  EndpointView view(long nowNanos) {
    var sampled = sampledAtNanos != EndpointState.NEVER_SAMPLED;
    return new EndpointView(
        config.id(),
        config.url().toString(),
        health.state().name(),
        ejection.state().name(),
        ejection.reason(),
        ejection.times(),
        ejection.failures(),
        ownRequests,
        maxRequests(),
        modelNames().stream().sorted().toList(),
        modelsTrouble,
        metricsTrouble,
        state.waitingRequests(),
        state.runningRequests(),
        state.kvUtilization(),
        sampled ? Math.max(0, nowNanos - sampledAtNanos) / 1_000_000 : -1);
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

  void configure(EjectionOptions options) {
    ejection.reconfigure(options);
  }

  boolean healthCheckPassed() {
    return health.passed() && changed();
  }

  boolean healthCheckFailed(long nowNanos) {
    var was = health.state();
    health.failed();
    if (was != Health.State.UNHEALTHY) {
      unhealthySinceNanos = nowNanos;
    }
    return was != health.state() && changed();
  }

  /** For how long it has failed its health checks; -1 if it does not. */
  long unhealthyNanos(long nowNanos) {
    return health.state() == Health.State.UNHEALTHY
        ? Math.max(0, nowNanos - unhealthySinceNanos)
        : -1;
  }

  boolean connectFailed() {
    return health.suspected() && changed();
  }

  boolean modelsRead(List<ServedModel> list) {
    if (list.isEmpty()) {
      return modelsUnknown(true, "the model list is empty");
    }
    var before = models;
    var wasRead = listing == Listing.READ;
    models = before.listed(list);
    listing = Listing.READ;
    modelsTrouble = "";
    return (models != before || !wasRead) && changed();
  }

  /** The models are read by somebody, but are not known yet. */
  boolean modelsAwaited() {
    if (listing != Listing.NOT_READ) {
      return false;
    }
    listing = Listing.AWAITED;
    modelsTrouble = "the model list has not been read yet";
    return changed();
  }

  boolean modelsUnknown(boolean answered, String trouble) {
    modelsTrouble = trouble;
    if (listing == Listing.READ) {
      return false; // the list before it stays
    }
    var next = answered ? Listing.REFUSED : Listing.AWAITED;
    var isChange = next != listing;
    listing = next;
    return isChange && changed();
  }

  /** Notes whether any endpoint of the pool is known to serve certain models. */
  boolean othersList(boolean now) {
    if (othersList == now) {
      return false;
    }
    othersList = now;
    return changed();
  }

  boolean metricsUnusable(String trouble) {
    metricsTrouble = trouble;
    return false;
  }

  boolean timePasses(long nowNanos) {
    if (!ejection.timePasses(nowNanos)) {
      return false;
    }
    probeLimit = ownRequests + 1; // those from before are still there
    return changed();
  }

  boolean began(long nowNanos) {
    return ejection.began(nowNanos) && changed();
  }

  boolean ejected() {
    return changed();
  }

  boolean reinstated(long nowNanos) {
    return ejection.reinstate(nowNanos) && changed();
  }

  /**
   * Takes over a sample. The load of other senders is estimated as the sample's requests less our
   * leases. It is off by those of our requests that are on their way at that moment.
   */
  boolean metricsRead(EndpointMetrics sample, long atNanos) {
    metrics = sample;
    metricsTrouble = "";
    sampledAtNanos = atNanos;
    sampledForeignRequests = Math.max(0, sample.requests() - ownRequests);
    return changed();
  }

  // Choosing

  /** Brings up to date what depends on the time, before a picker reads it. */
  void lookedAt(long nowNanos) {
    var sampled = sampledAtNanos != EndpointState.NEVER_SAMPLED;
    sampleAgeNanos = sampled ? Math.max(0, nowNanos - sampledAtNanos) : Long.MAX_VALUE;
    foreignRequests = sampleAgeNanos < STALE_NANOS ? sampledForeignRequests : 0;
  }

  boolean hasRoom() {
    var most = maxRequests();
    return most == 0 || ownRequests < most;
  }

  /** The requests of this process that may be there at once, by configuration or as a probe. */
  private int maxRequests() {
    var configured = config.maxRequests();
    if (ejection.state() != Ejection.State.PROBING) {
      return configured;
    }
    return configured == 0 ? probeLimit : Math.min(configured, probeLimit);
  }

  void leased(long promptTokens) {
    ownRequests++;
    ownPromptTokens += promptTokens;
  }

  /** The answer to a request of so many prompt tokens has begun, or the request has ended. */
  void promptRead(long promptTokens) {
    ownPromptTokens -= promptTokens;
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
  public String address() {
    return config.address();
  }

  @Override
  public Map<String, String> labels() {
    return config.labels();
  }

  @Override
  public int ownRequests() {
    return ownRequests;
  }

  @Override
  public long ownPromptTokens() {
    return ownPromptTokens;
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
  public int runningRequests() {
    return state.runningRequests();
  }

  @Override
  public double kvUtilization() {
    return state.kvUtilization();
  }

  @Override
  public long kvCapacityTokens() {
    return state.kvCapacityTokens();
  }

  @Override
  public long sampleAgeNanos() {
    return sampleAgeNanos;
  }

  @Override
  public int maxAdapters() {
    return metrics == null ? 0 : metrics.maxAdapters();
  }

  @Override
  public Set<String> runningAdapters() {
    return metrics == null ? Set.of() : metrics.runningAdapters();
  }

  @Override
  public Set<String> waitingAdapters() {
    return metrics == null ? Set.of() : metrics.waitingAdapters();
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
        health.isHealthy()
            && ejection.state() != Ejection.State.OUT
            && !(models.names().isEmpty() && othersList && listing != Listing.NOT_READ),
        sample == null ? 0 : sample.waitingRequests(),
        sample == null ? 0 : sample.runningRequests(),
        sample == null ? 0 : sample.kvUtilization(),
        sample == null ? 0 : sample.kvCapacityTokens(),
        sample == null ? 0 : sample.preemptions(),
        config.capacityWeight(),
        sampledAtNanos,
        maxRequests());
  }
}
