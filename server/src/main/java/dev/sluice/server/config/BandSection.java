package dev.sluice.server.config;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.reading.Checks;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * {@code flowControl.priorityBands[]} and the two templates: all flows of one priority.
 *
 * @param priority the priority of the band; ignored in a template
 * @param maxRequests most queued requests; 0 means the default
 * @param maxBytes most queued bytes; 0 means the default
 * @param fairnessPolicyRef decides between flows
 * @param orderingPolicyRef decides inside a flow
 * @param queueRef the queue that holds the requests of a flow; unset means one that can keep the
 *     order
 * @param ttl the time that requests wait for a saturated pool; unset means defaultRequestTTL
 * @param maxRequestsPerFlow most queued requests of one flow; 0 means no limit
 * @param maxBytesPerFlow most queued bytes of one flow; 0 means no limit
 * @param weight share relative to other bands, where the band policy shares by weight
 * @param reservedShare part of all service that the band is sure of, 0 to below 1, where the band
 *     policy reserves; unset leaves it to the policy
 * @param promoteEvery every nth pick of a flow takes the oldest request, if that has waited long; 0
 *     means never
 * @param promoteAfter the time that the oldest request must have waited; unset means half its time
 *     to live
 */
public record BandSection(
    int priority,
    @Quantity long maxRequests,
    @Quantity long maxBytes,
    PluginRef fairnessPolicyRef,
    PluginRef orderingPolicyRef,
    @Nullable PluginRef queueRef,
    @Nullable Duration ttl,
    @Quantity long maxRequestsPerFlow,
    @Quantity long maxBytesPerFlow,
    double weight,
    @Nullable Double reservedShare,
    int promoteEvery,
    @Nullable Duration promoteAfter) {
  private static final long MAX_REQUESTS = 5_000;
  private static final long MAX_BYTES = 1_000_000_000;

  /** The defaults. */
  public static final BandSection DEFAULT =
      new BandSection(
          0,
          MAX_REQUESTS,
          MAX_BYTES,
          PluginRef.named("virtual-token"),
          PluginRef.named("fcfs"),
          null,
          null,
          0,
          0,
          1.0,
          null,
          BandConfig.Promotion.DEFAULT.every(),
          null);

  /** Puts the defaults for 0; rejects values outside their ranges, all at once. */
  public BandSection {
    new Checks()
        .notNegative("maxRequests", maxRequests)
        .notNegative("maxBytes", maxBytes)
        .that(ttl == null || !ttl.isNegative(), "ttl", String.valueOf(ttl), ">= 0")
        .notNegative("maxRequestsPerFlow", maxRequestsPerFlow)
        .notNegative("maxBytesPerFlow", maxBytesPerFlow)
        .that(weight > 0 && weight < 1e9, "weight", weight, "> 0")
        .that(
            reservedShare == null || (reservedShare >= 0 && reservedShare < 1),
            "reservedShare",
            String.valueOf(reservedShare),
            "0 to below 1")
        .notNegative("promoteEvery", promoteEvery)
        .that(
            promoteAfter == null || !promoteAfter.isNegative(),
            "promoteAfter",
            String.valueOf(promoteAfter),
            ">= 0")
        .done();
    maxRequests = maxRequests == 0 ? MAX_REQUESTS : maxRequests;
    maxBytes = maxBytes == 0 ? MAX_BYTES : maxBytes;
  }
}
