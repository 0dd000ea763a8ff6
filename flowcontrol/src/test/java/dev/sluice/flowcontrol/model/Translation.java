package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
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
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Translates the model's words to the engine's. */
final class Translation {
  private static final Map<Integer, Plugin<SaturationDetector>> SCRIPTED =
      new ConcurrentHashMap<>();

  private static final Plugin<IntraFlowDisplacementPolicy> HEAD_GIVES_WAY =
      Plugin.of("head", HeadVictim::new);

  private Translation() {}

  static FlowControlConfig config(Knobs knobs) {
    var catalog = PluginCatalog.builtIn();
    var config =
        FlowControlConfig.builder()
            .maxRequests(knobs.maxRequests())
            .maxBytes(knobs.maxBytes())
            .displacement(knobs.displacement())
            .defaultTtl(Ticks.duration(knobs.defaultTtl()))
            .noEndpointTtl(Ticks.duration(knobs.noEndpointTtl()))
            .maxRequestDuration(Ticks.duration(knobs.maxRequestDuration()))
            .defaultBand(band(catalog, knobs.template()))
            .defaultNegativeBand(band(catalog, knobs.negativeTemplate()))
            .detector(detector(catalog, knobs))
            .costModel(costs(knobs))
            .outputPredictor(predictor(knobs))
            .bandPolicy(bands(knobs))
            .flowDisplacement(
                catalog.plugin(
                    InterFlowDisplacementPolicy.class,
                    knobs.flowDisplacement() == Knobs.Displacement.ROUND_ROBIN
                        ? "round-robin"
                        : "largest-backlog"))
            .requestDisplacement(victim(catalog, knobs.requestDisplacement()))
            .flowIdleTimeout(Ticks.duration(knobs.flowIdleTimeout()))
            .bandIdleTimeout(Ticks.duration(knobs.bandIdleTimeout()))
            .defaultTenant(tenant(knobs.defaultTenant()))
            .usageLimit(ceilings(knobs))
            .queueAdmission(admission(catalog, knobs));
    knobs.bands().forEach((priority, band) -> config.band(priority, band(catalog, band)));
    knobs.tenants().forEach((id, tenant) -> config.tenant(id, tenant(tenant)));
    return config.build();
  }

  private static TenantConfig tenant(Knobs.Tenant t) {
    return new TenantConfig(
        t.weight(), t.maxQueued(), t.maxRunning(), t.maxBytes(), t.flowWeights());
  }

  private static BandConfig band(PluginCatalog catalog, Knobs.Band band) {
    var fairness =
        switch (band.fairness()) {
          case ROUND_ROBIN -> "round-robin";
          case BEST_HEAD -> "best-head";
          case VIRTUAL_TOKEN -> "virtual-token";
        };
    var ordering = band.ordering() == Knobs.Ordering.EDF_HEAP ? "edf" : "fcfs";
    var queue = band.ordering() == Knobs.Ordering.FCFS_LIST ? "list" : "heap";
    return BandConfig.DEFAULT
        .withLimits(band.maxRequests(), band.maxBytes())
        .withFlowLimits(band.maxRequestsPerFlow(), band.maxBytesPerFlow())
        .withTimeToLive(
            band.ttl() == Knobs.DEFAULT_TTL ? BandConfig.DEFAULT_TTL : Ticks.duration(band.ttl()))
        .withPromotion(
            new BandConfig.Promotion(
                band.promoteEvery(),
                band.promoteAfter() == Knobs.DEFAULT_TTL
                    ? BandConfig.Promotion.HALF_TTL
                    : Ticks.duration(band.promoteAfter())))
        .withShare(new BandConfig.Share(band.weight(), band.reserved()))
        .withFairness(catalog.plugin(InterFlowDispatchPolicy.class, fairness))
        .withOrdering(
            catalog.plugin(IntraFlowDispatchPolicy.class, ordering),
            catalog.plugin(SafeQueue.class, queue));
  }

  private static Plugin<SaturationDetector> detector(PluginCatalog catalog, Knobs knobs) {
    var concurrency = knobs.maxConcurrency();
    return switch (knobs.detector()) {
      case CONCURRENCY ->
          catalog.plugin(
              SaturationDetector.class, "concurrency", Map.of("maxConcurrency", concurrency));
      case SCRIPTED ->
          SCRIPTED.computeIfAbsent(
              concurrency, c -> Plugin.of("scripted", () -> new ScriptedDetector(c)));
    };
  }

  /** The cost model, for the engine and as the model's black box. */
  static Plugin<CostModel> costs(Knobs knobs) {
    return PluginCatalog.builtIn()
        .plugin(
            CostModel.class,
            "weighted-tokens",
            Map.of("outputWeight", (double) knobs.outputWeight()));
  }

  /** The predictor, for the engine and as the model's black box. */
  static Plugin<OutputPredictor> predictor(Knobs knobs) {
    var type =
        switch (knobs.predictor()) {
          case EMA -> "ema";
          case LIMIT -> "limit";
          case NONE -> "none";
        };
    return PluginCatalog.builtIn().plugin(OutputPredictor.class, type);
  }

  /** The policy between bands, for the engine and as the model's black box. */
  static Plugin<BandPolicy> bands(Knobs knobs) {
    var type =
        switch (knobs.bandPolicy()) {
          case STRICT -> "strict";
          case STRICT_RESERVE -> "strict-reserve";
          case WEIGHTED -> "weighted";
        };
    return PluginCatalog.builtIn().plugin(BandPolicy.class, type);
  }

  private static Plugin<UsageLimitPolicy> ceilings(Knobs knobs) {
    return Plugin.of(
        "scripted",
        () ->
            (saturation, priorities, ceilings) -> {
              for (var rank = 0; rank < priorities.length; rank++) {
                ceilings[rank] = knobs.rawCeiling(priorities[rank]);
              }
            });
  }

  private static Plugin<QueueAdmissionPolicy> admission(PluginCatalog catalog, Knobs knobs) {
    var maxBytes = knobs.admissionMaxBytes();
    return maxBytes == 0
        ? catalog.plugin(
            QueueAdmissionPolicy.class,
            knobs.admission() == Knobs.Admission.NONE ? "none" : "dynamic-threshold")
        : Plugin.of(
            "largest", () -> (flow, tenant, band, cost, sizeBytes) -> sizeBytes <= maxBytes);
  }

  private static Plugin<IntraFlowDisplacementPolicy> victim(
      PluginCatalog catalog, Knobs.Victim victim) {
    return switch (victim) {
      case TAIL -> catalog.plugin(IntraFlowDisplacementPolicy.class, "tail");
      case HEAD -> HEAD_GIVES_WAY;
    };
  }

  /** A displacement policy that is not built in. */
  private static final class HeadVictim implements IntraFlowDisplacementPolicy {
    @Override
    public @Nullable QueueItem victim(SafeQueue queue) {
      return queue.head();
    }

    @Override
    public Set<QueueCapability> requiredCapabilities() {
      return Set.of();
    }
  }

  static PoolSnapshot pool(List<Command.Endpoint> endpoints) {
    return new PoolSnapshot(
        endpoints.stream()
            .map(e ->
                new EndpointState(
                    e.id(),
                    e.models(),
                    Set.of(),
                    e.healthy(),
                    0,
                    0,
                    e.known() ? 0.0 : Double.NaN,
                    0,
                    0,
                    1.0,
                    EndpointState.NEVER_SAMPLED))
            .toList());
  }

  static FlowControlRequest request(Command.Offer o, long now) {
    var request =
        FlowControlRequest.builder(
                Integer.toString(o.number()), new FlowKey(o.flow(), o.priority()))
            .tenant(o.tenant())
            .sizeBytes(o.sizeBytes())
            .inputTokens(o.inputTokens())
            .maxOutputTokens(o.maxOutputTokens())
            .eligibility(Eligibility.ofModel(o.model()));
    if (o.ttl() != Command.Offer.UNSET) {
      request.timeToLive(Ticks.duration(o.ttl()));
    }
    if (o.deadline() != Command.Offer.UNSET) {
      request.deadlineNanos(now + o.deadline() * Ticks.NANOS);
    }
    return request.build();
  }
}
