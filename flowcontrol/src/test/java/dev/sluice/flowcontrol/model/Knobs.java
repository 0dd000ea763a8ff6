package dev.sluice.flowcontrol.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The configuration as the model knows it: plain numbers, and names for the policies. Durations are
 * in {@link Ticks ticks}; 0 has the same meaning as in the engine's configuration. Immutable.
 *
 * @param ceilings ceilings by priority. A priority that is not listed has the ceiling of the
 *     nearest listed one below it, or else of the lowest listed one
 * @param admissionMaxBytes the queue-admission policy refuses larger requests and does nothing
 *     else; 0 means that {@code admission} says which policy there is
 * @param outputWeight the cost of a generated token; a prompt token costs 1
 * @param bandsIdleLonger the difference between the idle timeouts of bands and of flows
 */
record Knobs(
    long maxRequests,
    long maxBytes,
    boolean displacement,
    int defaultTtl,
    int noEndpointTtl,
    Detector detector,
    int maxConcurrency,
    TreeMap<Integer, Double> ceilings,
    long admissionMaxBytes,
    Admission admission,
    int outputWeight,
    TreeMap<Integer, Band> bands,
    Band template,
    Band negativeTemplate,
    Tenant defaultTenant,
    TreeMap<String, Tenant> tenants,
    int maxRequestDuration,
    Predictor predictor,
    Bands bandPolicy,
    Displacement flowDisplacement,
    Victim requestDisplacement,
    int flowIdleTimeout,
    int bandsIdleLonger) {

  /** Stands for "as the default". */
  static final int DEFAULT_TTL = -1;

  /** A time after which nothing is forgotten within a test. */
  static final int LONG_IDLE = 30_000;

  /** The detector that counts the room. */
  enum Detector {
    /** The built-in detector, in {@code requests} mode. */
    CONCURRENCY,
    /** {@link ScriptedDetector}, which counts by class and gives NaN at will. */
    SCRIPTED
  }

  /** The policy that decides whether a flow may queue one more request. */
  enum Admission {
    NONE,
    DYNAMIC_THRESHOLD
  }

  /** The predictor of output lengths. */
  enum Predictor {
    EMA,
    LIMIT,
    NONE
  }

  /** The policy that decides between bands. */
  enum Bands {
    STRICT,
    STRICT_RESERVE,
    WEIGHTED
  }

  /** The policy that names the flow that gives way. */
  enum Displacement {
    LARGEST_BACKLOG,
    ROUND_ROBIN
  }

  /** The policy that names the request of a queue that gives way. */
  enum Victim {
    /** The built-in policy. */
    TAIL,
    /** The request that would be served next gives way. */
    HEAD
  }

  /** The policy that decides between flows. */
  enum Fairness {
    ROUND_ROBIN,
    BEST_HEAD,
    VIRTUAL_TOKEN
  }

  /** The order inside a flow, and the queue that keeps it. */
  enum Ordering {
    FCFS_LIST,
    FCFS_HEAP,
    EDF_HEAP
  }

  /** The configuration of a band. */
  record Band(
      long maxRequests,
      long maxBytes,
      long maxRequestsPerFlow,
      long maxBytesPerFlow,
      int ttl,
      Fairness fairness,
      Ordering ordering,
      int promoteEvery,
      int promoteAfter,
      double weight,
      double reserved) {

    static final Band DEFAULT =
        new Band(
            1_000,
            1_000_000,
            0,
            0,
            DEFAULT_TTL,
            Fairness.ROUND_ROBIN,
            Ordering.FCFS_LIST,
            4,
            DEFAULT_TTL,
            1,
            Double.NaN);

    Band withLimits(long requests, long bytes) {
      return Brief.with(this, Map.of("maxRequests", requests, "maxBytes", bytes));
    }

    Band withFlowLimits(long requests, long bytes) {
      return Brief.with(this, Map.of("maxRequestsPerFlow", requests, "maxBytesPerFlow", bytes));
    }

    Band withTtl(int ticks) {
      return Brief.with(this, Map.of("ttl", ticks));
    }

    Band withFairness(Fairness other) {
      return Brief.with(this, Map.of("fairness", other));
    }

    Band withOrdering(Ordering other) {
      return Brief.with(this, Map.of("ordering", other));
    }

    Band withPromoteEvery(int picks) {
      return Brief.with(this, Map.of("promoteEvery", picks));
    }

    @Override
    public String toString() {
      return Brief.of(this, DEFAULT);
    }
  }

  /** The limits and the weight of a tenant. */
  record Tenant(
      double weight,
      long maxQueued,
      long maxRunning,
      long maxBytes,
      Map<String, Double> flowWeights) {
    static final Tenant DEFAULT = new Tenant(1.0, 0, 0, 0);

    Tenant(double weight, long maxQueued, long maxRunning, long maxBytes) {
      this(weight, maxQueued, maxRunning, maxBytes, Map.of());
    }

    double flowWeight(String flow) {
      return flowWeights.getOrDefault(flow, 1.0);
    }

    @Override
    public String toString() {
      return Brief.of(this, DEFAULT);
    }
  }

  /** Room for one request at a time on each endpoint, and limits that are never reached. */
  static final Knobs DEFAULT =
      new Knobs(
          0,
          0,
          true,
          0,
          0,
          Detector.CONCURRENCY,
          1,
          new TreeMap<>(),
          0,
          Admission.NONE,
          2,
          new TreeMap<>(),
          Band.DEFAULT,
          Band.DEFAULT,
          Tenant.DEFAULT,
          new TreeMap<>(),
          1_000_000,
          Predictor.EMA,
          Bands.STRICT,
          Displacement.LARGEST_BACKLOG,
          Victim.TAIL,
          LONG_IDLE,
          LONG_IDLE);

  int bandIdleTimeout() {
    return flowIdleTimeout + bandsIdleLonger;
  }

  Band band(int priority) {
    var configured = bands.get(priority);
    if (configured != null) {
      return configured;
    }
    return priority < 0 ? negativeTemplate : template;
  }

  Tenant tenant(String id) {
    return tenants.getOrDefault(id, defaultTenant);
  }

  /** The ceiling as configured, before the engine makes it non-increasing. */
  double rawCeiling(int priority) {
    if (ceilings.isEmpty()) {
      return 1.0;
    }
    var entry = ceilings.floorEntry(priority);
    return (entry == null ? ceilings.firstEntry() : entry).getValue();
  }

  Knobs withMaxRequests(long value) {
    return Brief.with(this, Map.of("maxRequests", value));
  }

  Knobs withMaxBytes(long value) {
    return Brief.with(this, Map.of("maxBytes", value));
  }

  Knobs withDisplacement(boolean value) {
    return Brief.with(this, Map.of("displacement", value));
  }

  Knobs withDefaultTtl(int value) {
    return Brief.with(this, Map.of("defaultTtl", value));
  }

  Knobs withNoEndpointTtl(int value) {
    return Brief.with(this, Map.of("noEndpointTtl", value));
  }

  Knobs withAdmissionMaxBytes(long value) {
    return Brief.with(this, Map.of("admissionMaxBytes", value));
  }

  Knobs withAdmission(Admission value) {
    return Brief.with(this, Map.of("admission", value));
  }

  Knobs withOutputWeight(int value) {
    return Brief.with(this, Map.of("outputWeight", value));
  }

  Knobs withMaxRequestDuration(int value) {
    return Brief.with(this, Map.of("maxRequestDuration", value));
  }

  Knobs withPredictor(Predictor value) {
    return Brief.with(this, Map.of("predictor", value));
  }

  Knobs withBandPolicy(Bands value) {
    return Brief.with(this, Map.of("bandPolicy", value));
  }

  Knobs withFlowDisplacement(Displacement value) {
    return Brief.with(this, Map.of("flowDisplacement", value));
  }

  Knobs withRequestDisplacement(Victim value) {
    return Brief.with(this, Map.of("requestDisplacement", value));
  }

  /** Bands of templates are forgotten {@code longer} ticks later than flows. */
  Knobs withIdleTimeouts(int ofFlows, int longer) {
    return Brief.with(this, Map.of("flowIdleTimeout", ofFlows, "bandsIdleLonger", longer));
  }

  Knobs withDetector(Detector value, int concurrency) {
    return Brief.with(this, Map.of("detector", value, "maxConcurrency", concurrency));
  }

  Knobs withCeiling(int priority, double value) {
    var changed = new TreeMap<>(ceilings);
    changed.put(priority, value);
    return Brief.with(this, Map.of("ceilings", changed));
  }

  Knobs withBand(int priority, Band band) {
    var changed = new TreeMap<>(bands);
    changed.put(priority, band);
    return Brief.with(this, Map.of("bands", changed));
  }

  Knobs withoutBand(int priority) {
    var changed = new TreeMap<>(bands);
    changed.remove(priority);
    return Brief.with(this, Map.of("bands", changed));
  }

  Knobs withTemplates(Band positive, Band negative) {
    return Brief.with(this, Map.of("template", positive, "negativeTemplate", negative));
  }

  Knobs withDefaultTenant(Tenant tenant) {
    return Brief.with(this, Map.of("defaultTenant", tenant));
  }

  Knobs withTenant(String id, Tenant tenant) {
    var changed = new TreeMap<>(tenants);
    changed.put(id, tenant);
    return Brief.with(this, Map.of("tenants", changed));
  }

  Knobs withTenants(TreeMap<String, Tenant> changed) {
    return Brief.with(this, Map.of("tenants", changed));
  }

  @Override
  public String toString() {
    return Brief.of(this, DEFAULT);
  }

  /** Configurations that differ from this one in one knob, which has its default there. */
  List<Knobs> simpler() {
    var simpler = new ArrayList<>(Brief.simpler(this, DEFAULT));
    bands.forEach((priority, band) -> {
      simpler.add(withoutBand(priority));
      Brief.simpler(band, Band.DEFAULT).forEach(b -> simpler.add(withBand(priority, b)));
    });
    tenants.forEach((id, tenant) ->
        Brief.simpler(tenant, Tenant.DEFAULT).forEach(t -> simpler.add(withTenant(id, t))));
    return simpler;
  }
}
