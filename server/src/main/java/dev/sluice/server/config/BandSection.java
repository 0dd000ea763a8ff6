package dev.sluice.server.config;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * {@code flowControl.priorityBands[]} and the two templates: all flows of one priority.
 *
 * @param priority the band's priority; a template's is ignored
 * @param maxRequests most queued requests; 0 means the default
 * @param maxBytes most queued bytes; 0 means the default
 * @param fairnessPolicyRef decides between flows
 * @param orderingPolicyRef decides inside a flow
 * @param queueRef holds a flow's requests; unset means one that can keep the order
 * @param ttl how long requests wait for a saturated pool; unset means defaultRequestTTL
 * @param maxRequestsPerFlow most queued requests of one flow; 0 means no limit
 * @param maxBytesPerFlow most queued bytes of one flow; 0 means no limit
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
    @Quantity long maxBytesPerFlow) {
  private static final long MAX_REQUESTS = 5_000;
  private static final long MAX_BYTES = 1_000_000_000;

  /** What holds where the file says nothing. */
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
          0);

  /** Puts the defaults for 0; rejects values outside their ranges, all at once. */
  public BandSection {
    new Check()
        .that(maxRequests >= 0, "maxRequests", maxRequests, ">= 0")
        .that(maxBytes >= 0, "maxBytes", maxBytes, ">= 0")
        .that(ttl == null || !ttl.isNegative(), "ttl", String.valueOf(ttl), ">= 0")
        .that(maxRequestsPerFlow >= 0, "maxRequestsPerFlow", maxRequestsPerFlow, ">= 0")
        .that(maxBytesPerFlow >= 0, "maxBytesPerFlow", maxBytesPerFlow, ">= 0")
        .done();
    maxRequests = maxRequests == 0 ? MAX_REQUESTS : maxRequests;
    maxBytes = maxBytes == 0 ? MAX_BYTES : maxBytes;
  }
}
