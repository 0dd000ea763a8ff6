package dev.sluice.server.config;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.EarlyRefusalConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Makes the engine's configuration from the section {@code flowControl} and the tenants' limits.
 * Used once; not thread-safe.
 */
final class FlowControlReader {
  private static final String PATH = "flowControl";

  private final SluiceConfig sections;
  private final PluginReferences plugins;
  private final FaultReport report;
  private final FlowControlConfig.Builder builder = FlowControlConfig.builder();

  /** The engine's names of bands, such as {@code bands[10]}, and the paths of their sections. */
  private final Map<String, String> bandPaths = new LinkedHashMap<>();

  FlowControlReader(SluiceConfig sections, PluginReferences plugins, FaultReport report) {
    this.sections = sections;
    this.plugins = plugins;
    this.report = report;
  }

  /** The engine's configuration; null if the engine refuses it. */
  @Nullable FlowControlConfig read() {
    limits();
    policies();
    bands();
    tenants();
    try {
      return builder.build();
    } catch (IllegalArgumentException e) {
      Objects.toString(e.getMessage(), "").lines().forEach(this::engineFault);
      return null;
    }
  }

  private void limits() {
    var section = sections.flowControl();
    builder
        .maxRequests(section.maxRequests())
        .defaultTtl(section.defaultRequestTTL())
        .earlyRefusal(
            new EarlyRefusalConfig(
                section.earlyRefusal().enabled(), section.earlyRefusal().margin()))
        .maxRequestDuration(section.maxRequestDuration())
        .flowIdleTimeout(section.flowIdleTimeout())
        .bandIdleTimeout(section.bandIdleTimeout());
    if (section.maxBytes() != null) {
      builder.maxBytes(section.maxBytes());
    }
    if (section.noEndpointRequestTTL() != null) {
      builder.noEndpointTtl(section.noEndpointRequestTTL());
    }
  }

  private void policies() {
    var section = sections.flowControl();
    var displacement = section.displacement();
    find(
            "saturationDetector.pluginRef",
            SaturationDetector.class,
            section.saturationDetector().pluginRef())
        .ifPresent(builder::detector);
    find("usageLimitPolicyPluginRef", UsageLimitPolicy.class, section.usageLimitPolicyPluginRef())
        .ifPresent(builder::usageLimit);
    find("bandPolicyRef", BandPolicy.class, section.bandPolicyRef()).ifPresent(builder::bandPolicy);
    find("queueAdmissionRef", QueueAdmissionPolicy.class, section.queueAdmissionRef())
        .ifPresent(builder::queueAdmission);
    find(
            "displacement.flowPolicyRef",
            InterFlowDisplacementPolicy.class,
            displacement.flowPolicyRef())
        .ifPresent(builder::flowDisplacement);
    var victims =
        find(
            "displacement.requestPolicyRef",
            IntraFlowDisplacementPolicy.class,
            displacement.requestPolicyRef());
    victims.ifPresent(builder::requestDisplacement);
    // If the policy is wrong, the default in its place may not fit the queues.
    builder.displacement(displacement.enabled() && victims.isPresent());
    find("costModelRef", CostModel.class, section.costModelRef()).ifPresent(builder::costModel);
    find("outputPredictorRef", OutputPredictor.class, section.outputPredictorRef())
        .ifPresent(builder::outputPredictor);
  }

  private <T> Optional<Plugin<T>> find(String key, Class<T> kind, PluginRef ref) {
    return plugins.find(PATH + "." + key, kind, ref);
  }

  private void bands() {
    var section = sections.flowControl();
    var defaultPath = PATH + ".defaultPriorityBand";
    builder.defaultBand(band(defaultPath, section.defaultPriorityBand()));
    bandPaths.put("defaultBand", defaultPath);
    if (section.defaultNegativePriorityBand() != null) {
      defaultPath = PATH + ".defaultNegativePriorityBand";
      builder.defaultNegativeBand(band(defaultPath, section.defaultNegativePriorityBand()));
    }
    bandPaths.put("defaultNegativeBand", defaultPath);
    for (var i = 0; i < section.priorityBands().size(); i++) {
      var band = section.priorityBands().get(i);
      var path = PATH + ".priorityBands[" + i + "]";
      var isWhole = report.isWhole(path);
      var made = band(path, band);
      if (!isWhole) {
        continue;
      }
      if (bandPaths.putIfAbsent("bands[" + band.priority() + "]", path) == null) {
        builder.band(band.priority(), made);
      } else {
        report.fault(path + ".priority", "duplicate priority level " + band.priority());
      }
    }
  }

  private BandConfig band(String path, BandSection section) {
    var fairness =
        plugins.find(
            path + ".fairnessPolicyRef",
            InterFlowDispatchPolicy.class,
            section.fairnessPolicyRef());
    var ordering =
        plugins.find(
            path + ".orderingPolicyRef",
            IntraFlowDispatchPolicy.class,
            section.orderingPolicyRef());
    var order = ordering.orElse(BandConfig.DEFAULT.ordering());
    var queue = queue(path, section, order);
    if (fairness.isEmpty() || ordering.isEmpty() || queue.isEmpty()) {
      report.broken(path);
    }
    return new BandConfig(
        new BandConfig.Limits(
            section.maxRequests(),
            section.maxBytes(),
            section.maxRequestsPerFlow(),
            section.maxBytesPerFlow()),
        section.ttl() == null ? BandConfig.DEFAULT_TTL : section.ttl(),
        new BandConfig.Share(
            section.weight(),
            section.reservedShare() == null ? Double.NaN : section.reservedShare()),
        new BandConfig.Promotion(
            section.promoteEvery(),
            section.promoteAfter() == null
                ? BandConfig.Promotion.HALF_TTL
                : section.promoteAfter()),
        fairness.orElse(BandConfig.DEFAULT.fairness()),
        order,
        queue.orElse(BandConfig.DEFAULT.queue()));
  }

  /** The queue that the section names, else one that can keep the order. */
  private Optional<Plugin<SafeQueue>> queue(
      String path, BandSection section, Plugin<IntraFlowDispatchPolicy> ordering) {
    if (section.queueRef() != null) {
      return plugins.find(path + ".queueRef", SafeQueue.class, section.queueRef());
    }
    var needed = ordering.create().requiredCapabilities();
    return Optional.of(
        needed.contains(QueueCapability.PRIORITY_ORDER)
            ? PluginCatalog.builtIn().plugin(SafeQueue.class, "heap")
            : BandConfig.DEFAULT.queue());
  }

  private void tenants() {
    for (var tenant : sections.tenants()) {
      var limits = tenant.limits();
      builder.tenant(
          tenant.id(),
          new TenantConfig(
              tenant.weight(),
              limits.maxQueuedRequests(),
              limits.maxRunningRequests(),
              limits.maxBytes()));
    }
  }

  /**
   * Notes a fault that the engine found. The engine names bands by their priority, while the file
   * lists them. If a default band replaces a band that is broken, faults of the default band are
   * not noted.
   */
  private void engineFault(String line) {
    for (var band : bandPaths.entrySet()) {
      if (line.startsWith(band.getKey() + ".") || line.startsWith(band.getKey() + ":")) {
        if (report.isWhole(band.getValue())) {
          report.fault(band.getValue(), line.substring(band.getKey().length() + 1).trim());
        }
        return;
      }
    }
    report.fault(PATH, line);
  }
}
