package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;

/**
 * {@code tenants[].limits}: what a tenant may use. 0 means no limit.
 *
 * @param maxQueuedRequests most queued requests
 * @param maxRunningRequests most running requests; beyond it, its queue waits
 * @param maxBytes most queued bytes
 */
public record LimitsSection(
    @Quantity long maxQueuedRequests, @Quantity long maxRunningRequests, @Quantity long maxBytes) {

  /** What holds where the file says nothing. */
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
