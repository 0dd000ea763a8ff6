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
 * @param defaultRequestTTL how long requests wait for a saturated pool; 0s means for ever
 * @param noEndpointRequestTTL how long they wait for a pool without endpoints; unset means as long
 * @param defaultPriorityBand template of bands that are not listed
 * @param defaultNegativePriorityBand template of those of negative priority; unset means the other
 *     one
 * @param priorityBands bands, each priority once
 * @param usageLimitPolicyPluginRef at which saturation each band stops
 * @param saturationDetector how full the pool is
 * @param bandPolicyRef which band goes next
 * @param queueAdmissionRef whether a flow may queue one more
 * @param displacement who gives way
 * @param costModelRef what a request costs its flow
 * @param outputPredictorRef how many tokens a request will generate
 * @param maxRequestDuration when a permit that nobody returned is taken back
 * @param flowIdleTimeout when a flow without requests is forgotten
 * @param bandIdleTimeout when an unlisted band without flows is forgotten
 * @param drain how long queued requests may still be served at shutdown
 * @param shards over how many stripes callers spread what they leave to the thread that decides, 1
 *     to 64; decisions do not depend on it
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
    PluginRef costModelRef,
    PluginRef outputPredictorRef,
    Duration maxRequestDuration,
    Duration flowIdleTimeout,
    Duration bandIdleTimeout,
    Duration drain,
    int shards,
    boolean enableEviction) {

  /** What holds where the file says nothing. */
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
