package dev.sluice.flowcontrol.config;

import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.reading.Checks;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/** The rules that a configuration has to keep. Every fault is reported at once, with its path. */
final class ConfigChecks {
  private static final double MOST_RESERVED = 0.5;

  private final FlowControlConfig config;
  private final Checks checks = new Checks();

  private ConfigChecks(FlowControlConfig config) {
    this.config = config;
  }

  /**
   * Checks a configuration.
   *
   * @throws IllegalArgumentException naming every option that is wrong, one per line
   */
  static void check(FlowControlConfig config) {
    var rules = new ConfigChecks(config);
    rules.checkTotals();
    rules.checkBands();
    rules.checkTenant("defaultTenant", config.defaultTenant());
    config.tenants().forEach((id, tenant) -> rules.checkTenant("tenants[" + id + "]", tenant));
    rules.checks.done();
  }

  private void checkTotals() {
    checks
        .notNegative("maxRequests", config.maxRequests())
        .notNegative("maxBytes", config.maxBytes())
        .notNegative("defaultTtl", config.defaultTtl())
        .that(
            config.earlyRefusal().margin() >= 0,
            "earlyRefusal.margin",
            config.earlyRefusal().margin(),
            ">= 0")
        .positive("maxRequestDuration", config.maxRequestDuration())
        .positive("flowIdleTimeout", config.flowIdleTimeout())
        .positive("bandIdleTimeout", config.bandIdleTimeout())
        .that(
            config.bandIdleTimeout().compareTo(config.flowIdleTimeout()) >= 0,
            "bandIdleTimeout",
            config.bandIdleTimeout(),
            ">= flowIdleTimeout");
  }

  private void checkBands() {
    var bands = config.bands();
    checks.that(
        bands.size() <= FlowControlConfig.MAX_BANDS,
        "bands",
        bands.size(),
        "at most " + FlowControlConfig.MAX_BANDS);
    checkBand("defaultBand", config.defaultBand());
    if (!config.defaultNegativeBand().equals(config.defaultBand())) {
      checkBand("defaultNegativeBand", config.defaultNegativeBand());
    }
    bands.entrySet().stream()
        .sorted(Map.Entry.comparingByKey())
        .forEach(band -> checkBand("bands[" + band.getKey() + "]", band.getValue()));
    var reserved =
        bands.values().stream()
            .mapToDouble(band -> band.share().reserved())
            .filter(share -> !Double.isNaN(share))
            .sum();
    checks.that(
        !(reserved > MOST_RESERVED),
        "bands",
        "reservedShare " + reserved + " in all",
        "at most " + MOST_RESERVED + ", or priority would mean little");
  }

  private void checkBand(String path, BandConfig band) {
    var limits = band.limits();
    var reserved = band.share().reserved();
    var promotion = band.promotion();
    checks
        .positive(path + ".maxRequests", limits.maxRequests())
        .positive(path + ".maxBytes", limits.maxBytes())
        .notNegative(path + ".maxRequestsPerFlow", limits.maxRequestsPerFlow())
        .notNegative(path + ".maxBytesPerFlow", limits.maxBytesPerFlow());
    checkWeight(path + ".weight", band.share().weight());
    checks
        .that(
            Double.isNaN(reserved) || (reserved >= 0 && reserved < 1),
            path + ".reservedShare",
            reserved,
            "0 to below 1")
        .notNegative(path + ".promoteEvery", promotion.every());
    if (!promotion.after().equals(BandConfig.Promotion.HALF_TTL)) {
      checks.notNegative(path + ".promoteAfter", promotion.after());
    }
    if (!band.timeToLive().equals(BandConfig.DEFAULT_TTL)) {
      checks.notNegative(path + ".timeToLive", band.timeToLive());
    }
    checkQueue(path, band);
  }

  private void checkQueue(String path, BandConfig band) {
    var ordering = band.ordering();
    checkCapabilities(
        path + ".ordering " + ordering.type(), ordering.create().requiredCapabilities(), band);
    if (config.displacement()) {
      var displacement = config.requestDisplacement();
      checkCapabilities(
          path + ": requestDisplacement " + displacement.type(),
          displacement.create().requiredCapabilities(),
          band);
    }
  }

  private void checkCapabilities(String policy, Set<QueueCapability> required, BandConfig band) {
    var has = band.queue().create().capabilities();
    var missing = EnumSet.noneOf(QueueCapability.class);
    missing.addAll(required);
    missing.removeAll(has);
    if (!missing.isEmpty()) {
      checks.fault(
          policy
              + ": needs a queue with "
              + missing
              + ", but "
              + band.queue().type()
              + " has "
              + has);
    }
  }

  private void checkTenant(String path, TenantConfig tenant) {
    checkWeight(path + ".weight", tenant.weight());
    tenant
        .flowWeights()
        .forEach((flow, weight) -> checkWeight(path + ".flowWeights." + flow, weight));
    checks
        .notNegative(path + ".maxQueuedRequests", tenant.maxQueuedRequests())
        .notNegative(path + ".maxRunningRequests", tenant.maxRunningRequests())
        .notNegative(path + ".maxBytes", tenant.maxBytes());
  }

  private void checkWeight(String path, double weight) {
    checks.that(weight > 0 && !Double.isInfinite(weight), path, weight, "> 0");
  }
}
