package dev.sluice.server.config;

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
    new Check()
        .that(maxQueuedRequests >= 0, "maxQueuedRequests", maxQueuedRequests, ">= 0")
        .that(maxRunningRequests >= 0, "maxRunningRequests", maxRunningRequests, ">= 0")
        .that(maxBytes >= 0, "maxBytes", maxBytes, ">= 0")
        .done();
  }
}
