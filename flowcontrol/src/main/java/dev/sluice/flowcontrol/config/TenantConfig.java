package dev.sluice.flowcontrol.config;

/**
 * What one tenant may use, over all its flows. Immutable.
 *
 * @param weight its share relative to others of its band, above 0
 * @param maxQueuedRequests limit on its queued requests; 0 means none
 * @param maxRunningRequests limit on its running requests, beyond which its queues wait; 0 means
 *     none. To reach or leave the limit costs O(its flows)
 * @param maxBytes limit on its queued bytes; 0 means none
 */
public record TenantConfig(
    double weight, long maxQueuedRequests, long maxRunningRequests, long maxBytes) {

  /** Weight 1, no limits. */
  public static final TenantConfig DEFAULT = new TenantConfig(1.0, 0, 0, 0);
}
