package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code flowControl}: limits and policies. Keys that upstream has mean what they mean there.
 *
 * @param maxBytes most queued bytes in all; unset means a quarter of the heap, 0 no limit
 * @param maxRequests most queued requests in all; 0 means no limit
 * @param defaultRequestTTL the time that requests wait for a saturated pool; 0s means for ever
 * @param noEndpointRequestTTL the time that requests wait for a pool without endpoints; unset means
 *     defaultRequestTTL
 * @param defaultPriorityBand template of bands that are not listed
 * @param defaultNegativePriorityBand template of bands of negative priority that are not listed;
 *     unset means defaultPriorityBand
 * @param priorityBands bands, each priority once
 * @param usageLimitPolicyPluginRef the saturation at which each band stops
 * @param saturationDetector how full the pool is
 * @param bandPolicyRef which band goes next
 * @param queueAdmissionRef whether a flow may queue one more request
 * @param displacement which request gives way when a total limit is reached
 * @param earlyRefusal requests that would expire in the queue are refused on arrival
 * @param costModelRef the cost of a request
 * @param outputPredictorRef the number of tokens that a request will generate
 * @param maxRequestDuration the age at which a permit that nobody returned is taken back
 * @param flowIdleTimeout the time after which a flow without requests is forgotten
 * @param bandIdleTimeout the time after which an unlisted band without flows is forgotten
 * @param drain the time for which queued requests are still served at shutdown
 * @param shards number of intake stripes over which callers spread their operations, 1 to 64;
 *     decisions do not depend on it
 * @param enableEviction upstream's revocation of running requests, which Sluice does not have yet
 */
public record FlowControlSection(
    @Quantity @Nullable Long maxBytes,
    @Quantity long maxRequests,
    Duration defaultRequestTTL,
    @Nullable Duration noEndpointRequestTTL,
    BandSection defaultPriorityBand,
    @Nullable BandSection defaultNegativePriorityBand,
    List<BandSection> priorityBands,
    PluginRef usageLimitPolicyPluginRef,
    DetectorSection saturationDetector,
    PluginRef bandPolicyRef,
    PluginRef queueAdmissionRef,
    DisplacementSection displacement,
    EarlyRefusalSection earlyRefusal,
    PluginRef costModelRef,
    PluginRef outputPredictorRef,
    Duration maxRequestDuration,
    Duration flowIdleTimeout,
    Duration bandIdleTimeout,
    Duration drain,
    int shards,
    boolean enableEviction) {

  /** The defaults. */
  public static final FlowControlSection DEFAULT =
      new FlowControlSection(
          null,
          0,
          Duration.ofSeconds(60),
          null,
          BandSection.DEFAULT,
          null,
          List.of(),
          PluginRef.named("static-usage-limit-policy"),
          DetectorSection.DEFAULT,
          PluginRef.named("strict-reserve"),
          PluginRef.named("dynamic-threshold"),
          DisplacementSection.DEFAULT,
          EarlyRefusalSection.DEFAULT,
          PluginRef.named("weighted-tokens"),
          PluginRef.named("ema"),
          Duration.ofMinutes(30),
          Duration.ofMinutes(5),
          Duration.ofMinutes(10),
          Duration.ofSeconds(10),
          1,
          false);

  /** Rejects values outside their ranges, all at once. */
  public FlowControlSection {
    priorityBands = List.copyOf(priorityBands);
    new Checks()
        .that(maxBytes == null || maxBytes >= 0, "maxBytes", String.valueOf(maxBytes), ">= 0")
        .notNegative("maxRequests", maxRequests)
        .notNegative("defaultRequestTTL", defaultRequestTTL)
        .that(
            noEndpointRequestTTL == null || !noEndpointRequestTTL.isNegative(),
            "noEndpointRequestTTL",
            String.valueOf(noEndpointRequestTTL),
            ">= 0")
        .positive("maxRequestDuration", maxRequestDuration)
        .positive("flowIdleTimeout", flowIdleTimeout)
        .that(
            bandIdleTimeout.compareTo(flowIdleTimeout) >= 0,
            "bandIdleTimeout",
            bandIdleTimeout,
            ">= flowIdleTimeout")
        .notNegative("drain", drain)
        .within("shards", shards, 1, 64)
        .that(
            !enableEviction,
            "enableEviction",
            true,
            "false: Sluice does not revoke running requests yet")
        .done();
  }
}
