package dev.sluice.flowcontrol.config;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of everything that can be configured about the engine. Immutable; every value was
 * validated when it was built. A reload is a new snapshot.
 *
 * <p>This class is long because each of its 21 options is a field, an accessor and a method of the
 * builder; {@link ConfigChecks} holds the rules.
 */
public final class FlowControlConfig {

  /** The most bands that can exist at once. */
  public static final int MAX_BANDS = 64;

  /** The longest duration that an option can have, 73 years: longer ones count as this one. */
  static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 4);

  private final long maxRequests;
  private final long maxBytes;
  private final Duration defaultTtl;
  private final Duration noEndpointTtl;
  private final BandConfig defaultBand;
  private final BandConfig defaultNegativeBand;
  private final Map<Integer, BandConfig> bands;
  private final TenantConfig defaultTenant;
  private final Map<String, TenantConfig> tenants;
  private final Plugin<SaturationDetector> detector;
  private final Plugin<UsageLimitPolicy> usageLimit;
  private final Plugin<BandPolicy> bandPolicy;
  private final Plugin<QueueAdmissionPolicy> queueAdmission;
  private final Plugin<InterFlowDisplacementPolicy> flowDisplacement;
  private final Plugin<IntraFlowDisplacementPolicy> requestDisplacement;
  private final boolean displacement;
  private final EarlyRefusalConfig earlyRefusal;
  private final Plugin<CostModel> costModel;
  private final Plugin<OutputPredictor> outputPredictor;
  private final Duration maxRequestDuration;
  private final Duration flowIdleTimeout;
  private final Duration bandIdleTimeout;

  private FlowControlConfig(Builder b) {
    maxRequests = b.maxRequests;
    maxBytes = b.maxBytes;
    defaultTtl = atMostLongest(b.defaultTtl);
    noEndpointTtl = b.noEndpointTtl.isNegative() ? defaultTtl : atMostLongest(b.noEndpointTtl);
    defaultBand = b.defaultBand;
    defaultNegativeBand = b.hasNegativeBand ? b.defaultNegativeBand : b.defaultBand;
    bands = Map.copyOf(b.bands);
    defaultTenant = b.defaultTenant;
    tenants = Map.copyOf(b.tenants);
    detector = b.detector;
    usageLimit = b.usageLimit;
    bandPolicy = b.bandPolicy;
    queueAdmission = b.queueAdmission;
    flowDisplacement = b.flowDisplacement;
    requestDisplacement = b.requestDisplacement;
    displacement = b.displacement;
    earlyRefusal = b.earlyRefusal;
    costModel = b.costModel;
    outputPredictor = b.outputPredictor;
    maxRequestDuration = atMostLongest(b.maxRequestDuration);
    flowIdleTimeout = atMostLongest(b.flowIdleTimeout);
    bandIdleTimeout = atMostLongest(b.bandIdleTimeout);
  }

  static Duration atMostLongest(Duration duration) {
    return duration.compareTo(LONGEST) > 0 ? LONGEST : duration;
  }

  /** Starts from Sluice's defaults. */
  public static Builder builder() {
    return new Builder();
  }

  /** Sluice's defaults. */
  public static FlowControlConfig defaults() {
    return builder().build();
  }

  /** Starts from this snapshot. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /**
   * This configuration, with an object made of each plugin that is not the present one. Whatever a
   * plugin throws is thrown from here, before anything has changed.
   *
   * @param present the configuration that this one replaces; null if it is the first
   */
  public FlowControlConfig prepared(@Nullable FlowControlConfig present) {
    var b = toBuilder();
    var plugins = new PreparedPlugins();
    b.detector = plugins.detector(detector, present == null ? null : present.detector);
    b.usageLimit = plugins.of(usageLimit, present == null ? null : present.usageLimit);
    b.bandPolicy = plugins.of(bandPolicy, present == null ? null : present.bandPolicy);
    b.queueAdmission = plugins.of(queueAdmission, present == null ? null : present.queueAdmission);
    b.flowDisplacement =
        plugins.of(flowDisplacement, present == null ? null : present.flowDisplacement);
    b.requestDisplacement =
        plugins.of(requestDisplacement, present == null ? null : present.requestDisplacement);
    b.costModel = plugins.of(costModel, present == null ? null : present.costModel);
    b.outputPredictor =
        plugins.of(outputPredictor, present == null ? null : present.outputPredictor);
    if (present == null || !hasBandsOf(present)) {
      b.defaultBand = plugins.of(defaultBand);
      b.defaultNegativeBand = plugins.of(defaultNegativeBand);
      b.bands.replaceAll((priority, band) -> plugins.of(band));
    }
    return new FlowControlConfig(b);
  }

  private boolean hasBandsOf(FlowControlConfig other) {
    return defaultBand.equals(other.defaultBand)
        && defaultNegativeBand.equals(other.defaultNegativeBand)
        && bands.equals(other.bands);
  }

  /** Limit on all queued requests; 0 means none. */
  public long maxRequests() {
    return maxRequests;
  }

  /** Limit on all queued bytes; 0 means none. */
  public long maxBytes() {
    return maxBytes;
  }

  /** The time that a request waits for a saturated pool; zero means for ever. */
  public Duration defaultTtl() {
    return defaultTtl;
  }

  /** The time that a request waits for a pool without endpoints; zero means for ever. */
  public Duration noEndpointTtl() {
    return noEndpointTtl;
  }

  /** Configured bands by priority. */
  public Map<Integer, BandConfig> bands() {
    return bands;
  }

  /** The configuration of a priority's band: its own, else the template for its sign. */
  public BandConfig band(int priority) {
    var configured = bands.get(priority);
    if (configured != null) {
      return configured;
    }
    return priority < 0 ? defaultNegativeBand : defaultBand;
  }

  /** The template of bands that are not configured. */
  BandConfig defaultBand() {
    return defaultBand;
  }

  /** The template of bands of negative priority that are not configured. */
  BandConfig defaultNegativeBand() {
    return defaultNegativeBand;
  }

  /** The limits of a tenant that is not configured. */
  TenantConfig defaultTenant() {
    return defaultTenant;
  }

  /** Configured tenants by id. */
  Map<String, TenantConfig> tenants() {
    return tenants;
  }

  /** The limits and weight of a tenant: as configured, else the default. */
  public TenantConfig tenant(String tenant) {
    return tenants.getOrDefault(tenant, defaultTenant);
  }

  /** The plugin that tells how full the pool is. */
  public Plugin<SaturationDetector> detector() {
    return detector;
  }

  /** The plugin that decides at which saturation each band stops. */
  public Plugin<UsageLimitPolicy> usageLimit() {
    return usageLimit;
  }

  /** The plugin that decides which band goes next. */
  public Plugin<BandPolicy> bandPolicy() {
    return bandPolicy;
  }

  /** The plugin that decides whether a flow may queue one more request. */
  public Plugin<QueueAdmissionPolicy> queueAdmission() {
    return queueAdmission;
  }

  /** The plugin that decides which flow gives way when a total limit is reached. */
  public Plugin<InterFlowDisplacementPolicy> flowDisplacement() {
    return flowDisplacement;
  }

  /** The plugin that decides which request of that flow gives way. */
  public Plugin<IntraFlowDisplacementPolicy> requestDisplacement() {
    return requestDisplacement;
  }

  /** Whether queued requests give way to others when a limit is reached. */
  public boolean displacement() {
    return displacement;
  }

  /** Whether requests that would expire in the queue are refused on arrival. */
  public EarlyRefusalConfig earlyRefusal() {
    return earlyRefusal;
  }

  /** The plugin that computes the cost of a request. */
  public Plugin<CostModel> costModel() {
    return costModel;
  }

  /** The plugin that predicts output lengths. */
  public Plugin<OutputPredictor> outputPredictor() {
    return outputPredictor;
  }

  /** The age at which a permit that nobody returned is taken back. */
  public Duration maxRequestDuration() {
    return maxRequestDuration;
  }

  /** The time after which a flow without requests is forgotten. */
  public Duration flowIdleTimeout() {
    return flowIdleTimeout;
  }

  /** The time after which a band without flows is forgotten, if it was made from a template. */
  public Duration bandIdleTimeout() {
    return bandIdleTimeout;
  }

  /** Collects options. {@link #build} reports every fault at once. Not thread-safe. */
  public static final class Builder {
    private long maxRequests;
    private long maxBytes = Runtime.getRuntime().maxMemory() / 4;
    private Duration defaultTtl = Duration.ofSeconds(60);
    private Duration noEndpointTtl = Duration.ofNanos(-1);
    private BandConfig defaultBand = BandConfig.DEFAULT;
    private BandConfig defaultNegativeBand = BandConfig.DEFAULT;
    private boolean hasNegativeBand;
    private final Map<Integer, BandConfig> bands = new TreeMap<>();
    private TenantConfig defaultTenant = TenantConfig.DEFAULT;
    private final Map<String, TenantConfig> tenants = new HashMap<>();
    private Plugin<SaturationDetector> detector;
    private Plugin<UsageLimitPolicy> usageLimit;
    private Plugin<BandPolicy> bandPolicy;
    private Plugin<QueueAdmissionPolicy> queueAdmission;
    private Plugin<InterFlowDisplacementPolicy> flowDisplacement;
    private Plugin<IntraFlowDisplacementPolicy> requestDisplacement;
    private boolean displacement = true;
    private EarlyRefusalConfig earlyRefusal = EarlyRefusalConfig.DEFAULT;
    private Plugin<CostModel> costModel;
    private Plugin<OutputPredictor> outputPredictor;
    private Duration maxRequestDuration = Duration.ofMinutes(30);
    private Duration flowIdleTimeout = Duration.ofMinutes(5);
    private Duration bandIdleTimeout = Duration.ofMinutes(10);

    private Builder() {
      var catalog = PluginCatalog.builtIn();
      detector = catalog.plugin(SaturationDetector.class, "ledger");
      usageLimit = catalog.plugin(UsageLimitPolicy.class, "static");
      bandPolicy = catalog.plugin(BandPolicy.class, "strict-reserve");
      queueAdmission = catalog.plugin(QueueAdmissionPolicy.class, "dynamic-threshold");
      flowDisplacement = catalog.plugin(InterFlowDisplacementPolicy.class, "largest-backlog");
      requestDisplacement = catalog.plugin(IntraFlowDisplacementPolicy.class, "tail");
      costModel = catalog.plugin(CostModel.class, "weighted-tokens");
      outputPredictor = catalog.plugin(OutputPredictor.class, "ema");
    }

    private Builder(FlowControlConfig c) {
      maxRequests = c.maxRequests;
      maxBytes = c.maxBytes;
      defaultTtl = c.defaultTtl;
      noEndpointTtl = c.noEndpointTtl;
      defaultBand = c.defaultBand;
      defaultNegativeBand = c.defaultNegativeBand;
      hasNegativeBand = true;
      bands.putAll(c.bands);
      defaultTenant = c.defaultTenant;
      tenants.putAll(c.tenants);
      detector = c.detector;
      usageLimit = c.usageLimit;
      bandPolicy = c.bandPolicy;
      queueAdmission = c.queueAdmission;
      flowDisplacement = c.flowDisplacement;
      requestDisplacement = c.requestDisplacement;
      displacement = c.displacement;
      earlyRefusal = c.earlyRefusal;
      costModel = c.costModel;
      outputPredictor = c.outputPredictor;
      maxRequestDuration = c.maxRequestDuration;
      flowIdleTimeout = c.flowIdleTimeout;
      bandIdleTimeout = c.bandIdleTimeout;
    }

    /** Limit on all queued requests; 0, the default, means none. */
    public Builder maxRequests(long requests) {
      this.maxRequests = requests;
      return this;
    }

    /** Limit on all queued bytes; 0 means none; a quarter of the heap unless set. */
    public Builder maxBytes(long bytes) {
      this.maxBytes = bytes;
      return this;
    }

    /** See {@link FlowControlConfig#defaultTtl}; 60 s unless set. */
    public Builder defaultTtl(Duration ttl) {
      this.defaultTtl = ttl;
      return this;
    }

    /** See {@link FlowControlConfig#noEndpointTtl}; as the default time to live unless set. */
    public Builder noEndpointTtl(Duration ttl) {
      this.noEndpointTtl = ttl;
      return this;
    }

    /** The template of bands that are not configured. */
    public Builder defaultBand(BandConfig band) {
      this.defaultBand = band;
      return this;
    }

    /** The template of bands of negative priority that are not configured. */
    public Builder defaultNegativeBand(BandConfig band) {
      this.defaultNegativeBand = band;
      this.hasNegativeBand = true;
      return this;
    }

    /** Configures the band of a priority, in place of an earlier configuration. */
    public Builder band(int priority, BandConfig band) {
      bands.put(priority, band);
      return this;
    }

    /** Removes the configuration of a priority's band, which then follows the template. */
    public Builder withoutBand(int priority) {
      bands.remove(priority);
      return this;
    }

    /** The limits and weight of tenants that are not configured. */
    public Builder defaultTenant(TenantConfig tenant) {
      this.defaultTenant = tenant;
      return this;
    }

    /** The limits and weight of one tenant. */
    public Builder tenant(String id, TenantConfig tenant) {
      tenants.put(id, tenant);
      return this;
    }

    /** See {@link FlowControlConfig#detector}. */
    public Builder detector(Plugin<SaturationDetector> plugin) {
      this.detector = plugin;
      return this;
    }

    /** See {@link FlowControlConfig#usageLimit}. */
    public Builder usageLimit(Plugin<UsageLimitPolicy> plugin) {
      this.usageLimit = plugin;
      return this;
    }

    /** See {@link FlowControlConfig#bandPolicy}. */
    public Builder bandPolicy(Plugin<BandPolicy> plugin) {
      this.bandPolicy = plugin;
      return this;
    }

    /** See {@link FlowControlConfig#queueAdmission}. */
    public Builder queueAdmission(Plugin<QueueAdmissionPolicy> plugin) {
      this.queueAdmission = plugin;
      return this;
    }

    /** See {@link FlowControlConfig#flowDisplacement}. */
    public Builder flowDisplacement(Plugin<InterFlowDisplacementPolicy> plugin) {
      this.flowDisplacement = plugin;
      return this;
    }

    /** See {@link FlowControlConfig#requestDisplacement}. */
    public Builder requestDisplacement(Plugin<IntraFlowDisplacementPolicy> plugin) {
      this.requestDisplacement = plugin;
      return this;
    }

    /** See {@link FlowControlConfig#displacement}; on unless set. */
    public Builder displacement(boolean on) {
      this.displacement = on;
      return this;
    }

    /** See {@link FlowControlConfig#earlyRefusal}; off unless set. */
    public Builder earlyRefusal(EarlyRefusalConfig refusal) {
      this.earlyRefusal = refusal;
      return this;
    }

    /** See {@link FlowControlConfig#costModel}. */
    public Builder costModel(Plugin<CostModel> plugin) {
      this.costModel = plugin;
      return this;
    }

    /** See {@link FlowControlConfig#outputPredictor}. */
    public Builder outputPredictor(Plugin<OutputPredictor> plugin) {
      this.outputPredictor = plugin;
      return this;
    }

    /** See {@link FlowControlConfig#maxRequestDuration}; 30 minutes unless set. */
    public Builder maxRequestDuration(Duration duration) {
      this.maxRequestDuration = duration;
      return this;
    }

    /** See {@link FlowControlConfig#flowIdleTimeout}; 5 minutes unless set. */
    public Builder flowIdleTimeout(Duration timeout) {
      this.flowIdleTimeout = timeout;
      return this;
    }

    /** See {@link FlowControlConfig#bandIdleTimeout}; 10 minutes unless set. */
    public Builder bandIdleTimeout(Duration timeout) {
      this.bandIdleTimeout = timeout;
      return this;
    }

    /**
     * The finished snapshot.
     *
     * @throws IllegalArgumentException naming every option that is wrong, one per line
     */
    public FlowControlConfig build() {
      var config = new FlowControlConfig(this);
      ConfigChecks.check(config);
      return config;
    }
  }
}
