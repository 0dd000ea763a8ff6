package dev.sluice.flowcontrol.config;

import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * A snapshot of everything that can be configured about the engine. Immutable; every value was
 * validated when it was built. A reload is a new snapshot.
 */
public final class FlowControlConfig {

  /** The most bands that can exist at once. */
  public static final int MAX_BANDS = 64;

  private static final double MOST_RESERVED = 0.5;

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
  private final Plugin<CostModel> costModel;
  private final Plugin<OutputPredictor> outputPredictor;
  private final Duration maxRequestDuration;
  private final Duration flowIdleTimeout;
  private final Duration bandIdleTimeout;

  private FlowControlConfig(Builder b) {
    maxRequests = b.maxRequests;
    maxBytes = b.maxBytes;
    defaultTtl = b.defaultTtl;
    noEndpointTtl = b.noEndpointTtl.isNegative() ? b.defaultTtl : b.noEndpointTtl;
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
    costModel = b.costModel;
    outputPredictor = b.outputPredictor;
    maxRequestDuration = b.maxRequestDuration;
    flowIdleTimeout = b.flowIdleTimeout;
    bandIdleTimeout = b.bandIdleTimeout;
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

  /** Limit on all queued requests; 0 means none. */
  public long maxRequests() {
    return maxRequests;
  }

  /** Limit on all queued bytes; 0 means none. */
  public long maxBytes() {
    return maxBytes;
  }

  /** How long a request waits for a saturated pool; zero means for ever. */
  public Duration defaultTtl() {
    return defaultTtl;
  }

  /** How long a request waits for a pool without endpoints; zero means for ever. */
  public Duration noEndpointTtl() {
    return noEndpointTtl;
  }

  /** Configured bands by priority. */
  public Map<Integer, BandConfig> bands() {
    return bands;
  }

  /** How the band of a priority is run: as configured, else by the template for its sign. */
  public BandConfig band(int priority) {
    var configured = bands.get(priority);
    if (configured != null) {
      return configured;
    }
    return priority < 0 ? defaultNegativeBand : defaultBand;
  }

  /** What a tenant may use: as configured, else the default. */
  public TenantConfig tenant(String tenant) {
    return tenants.getOrDefault(tenant, defaultTenant);
  }

  /** Tells how full the pool is. */
  public Plugin<SaturationDetector> detector() {
    return detector;
  }

  /** Decides at which saturation each band stops. */
  public Plugin<UsageLimitPolicy> usageLimit() {
    return usageLimit;
  }

  /** Decides which band goes next. */
  public Plugin<BandPolicy> bandPolicy() {
    return bandPolicy;
  }

  /** Decides whether a flow may queue one more. */
  public Plugin<QueueAdmissionPolicy> queueAdmission() {
    return queueAdmission;
  }

  /** Decides which flow gives way. */
  public Plugin<InterFlowDisplacementPolicy> flowDisplacement() {
    return flowDisplacement;
  }

  /** Decides which request of a flow gives way. */
  public Plugin<IntraFlowDisplacementPolicy> requestDisplacement() {
    return requestDisplacement;
  }

  /** Whether queued requests give way to more important ones when a total limit is reached. */
  public boolean displacement() {
    return displacement;
  }

  /** What a request costs. */
  public Plugin<CostModel> costModel() {
    return costModel;
  }

  /** Guesses output lengths. */
  public Plugin<OutputPredictor> outputPredictor() {
    return outputPredictor;
  }

  /** When a permit that nobody returned is taken back. */
  public Duration maxRequestDuration() {
    return maxRequestDuration;
  }

  /** When a flow without requests is forgotten. */
  public Duration flowIdleTimeout() {
    return flowIdleTimeout;
  }

  /** When a band made from a template and without flows is forgotten. */
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

    /** Configures the band of a priority; replaces what was said of it before. */
    public Builder band(int priority, BandConfig band) {
      bands.put(priority, band);
      return this;
    }

    /** Forgets what was said of a priority's band: it is run by the template. */
    public Builder withoutBand(int priority) {
      bands.remove(priority);
      return this;
    }

    /** What tenants may use that are not configured. */
    public Builder defaultTenant(TenantConfig tenant) {
      this.defaultTenant = tenant;
      return this;
    }

    /** What one tenant may use. */
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
      var faults = new ArrayList<String>();
      notNegative(faults, "maxRequests", maxRequests);
      notNegative(faults, "maxBytes", maxBytes);
      if (defaultTtl.isNegative()) {
        faults.add("defaultTtl: got " + defaultTtl + ", allowed >= 0");
      }
      positive(faults, "maxRequestDuration", maxRequestDuration);
      positive(faults, "flowIdleTimeout", flowIdleTimeout);
      positive(faults, "bandIdleTimeout", bandIdleTimeout);
      if (bandIdleTimeout.compareTo(flowIdleTimeout) < 0) {
        faults.add("bandIdleTimeout: got " + bandIdleTimeout + ", allowed >= flowIdleTimeout");
      }
      if (bands.size() > MAX_BANDS) {
        faults.add("bands: got " + bands.size() + ", allowed at most " + MAX_BANDS);
      }
      checkBand(faults, "defaultBand", defaultBand);
      checkBand(faults, "defaultNegativeBand", defaultNegativeBand);
      bands.forEach((priority, band) -> checkBand(faults, "bands[" + priority + "]", band));
      var reserved =
          bands.values().stream()
              .mapToDouble(band -> band.share().reserved())
              .filter(share -> !Double.isNaN(share))
              .sum();
      if (reserved > MOST_RESERVED) {
        faults.add(
            "bands: got reservedShare "
                + reserved
                + " in all, allowed at most "
                + MOST_RESERVED
                + ", or priority would mean little");
      }
      checkTenant(faults, "defaultTenant", defaultTenant);
      tenants.forEach((id, tenant) -> checkTenant(faults, "tenants[" + id + "]", tenant));
      if (!faults.isEmpty()) {
        throw new IllegalArgumentException(String.join("\n", faults));
      }
      return new FlowControlConfig(this);
    }

    private void checkBand(List<String> faults, String path, BandConfig band) {
      var limits = band.limits();
      if (limits.maxRequests() <= 0) {
        faults.add(path + ".maxRequests: got " + limits.maxRequests() + ", allowed > 0");
      }
      if (limits.maxBytes() <= 0) {
        faults.add(path + ".maxBytes: got " + limits.maxBytes() + ", allowed > 0");
      }
      notNegative(faults, path + ".maxRequestsPerFlow", limits.maxRequestsPerFlow());
      notNegative(faults, path + ".maxBytesPerFlow", limits.maxBytesPerFlow());
      checkWeight(faults, path + ".weight", band.share().weight());
      var reserved = band.share().reserved();
      if (!Double.isNaN(reserved) && !(reserved >= 0 && reserved < 1)) {
        faults.add(path + ".reservedShare: got " + reserved + ", allowed 0 to below 1");
      }
      var promotion = band.promotion();
      notNegative(faults, path + ".promoteEvery", promotion.every());
      if (promotion.after().isNegative()
          && !promotion.after().equals(BandConfig.Promotion.HALF_TTL)) {
        faults.add(path + ".promoteAfter: got " + promotion.after() + ", allowed >= 0");
      }
      if (band.timeToLive().isNegative() && !band.timeToLive().equals(BandConfig.DEFAULT_TTL)) {
        faults.add(path + ".timeToLive: got " + band.timeToLive() + ", allowed >= 0");
      }
      var has = band.queue().create().capabilities();
      var ordering = band.ordering();
      checkCapabilities(
          faults,
          path + ".ordering " + ordering.type(),
          ordering.create().requiredCapabilities(),
          band,
          has);
      if (displacement) {
        checkCapabilities(
            faults,
            path + ": requestDisplacement " + requestDisplacement.type(),
            requestDisplacement.create().requiredCapabilities(),
            band,
            has);
      }
    }

    private static void checkCapabilities(
        List<String> faults,
        String who,
        Set<QueueCapability> required,
        BandConfig band,
        Set<QueueCapability> has) {
      var missing = EnumSet.noneOf(QueueCapability.class);
      missing.addAll(required);
      missing.removeAll(has);
      if (!missing.isEmpty()) {
        faults.add(
            who
                + ": needs a queue with "
                + missing
                + ", but "
                + band.queue().type()
                + " has "
                + has);
      }
    }

    private static void checkTenant(List<String> faults, String path, TenantConfig tenant) {
      checkWeight(faults, path + ".weight", tenant.weight());
      tenant
          .flowWeights()
          .forEach((flow, weight) -> checkWeight(faults, path + ".flowWeights." + flow, weight));
      notNegative(faults, path + ".maxQueuedRequests", tenant.maxQueuedRequests());
      notNegative(faults, path + ".maxRunningRequests", tenant.maxRunningRequests());
      notNegative(faults, path + ".maxBytes", tenant.maxBytes());
    }

    private static void checkWeight(List<String> faults, String path, double weight) {
      if (!(weight > 0) || Double.isInfinite(weight)) {
        faults.add(path + ": got " + weight + ", allowed > 0");
      }
    }

    private static void notNegative(List<String> faults, String path, long value) {
      if (value < 0) {
        faults.add(path + ": got " + value + ", allowed >= 0");
      }
    }

    private static void positive(List<String> faults, String path, Duration value) {
      if (value.isNegative() || value.isZero()) {
        faults.add(path + ": got " + value + ", allowed > 0");
      }
    }
  }
}
