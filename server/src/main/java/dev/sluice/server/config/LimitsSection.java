package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;

/**
 * {@code tenants[].limits}: the limits of a tenant. 0 means no limit.
 *
 * @param maxQueuedRequests most queued requests
 * @param maxRunningRequests most running requests; at the limit, the queue of the tenant waits
 * @param maxBytes most queued bytes
 */
public record LimitsSection(
    @Quantity long maxQueuedRequests, @Quantity long maxRunningRequests, @Quantity long maxBytes) {

  /** The defaults. */
  public static final LimitsSection DEFAULT = new LimitsSection(0, 0, 0);

  /** Rejects negative limits. */
  public LimitsSection {
    new Checks()
        .notNegative("maxQueuedRequests", maxQueuedRequests)
        .notNegative("maxRunningRequests", maxRunningRequests)
        .notNegative("maxBytes", maxBytes)
        .done();
  }
}
