package dev.sluice.serving.identity;

import java.time.Duration;
import java.util.Set;

/**
 * A tenant as the front doors know it: the keys that prove its identity, and the values that its
 * requests may choose. The weight and the limits of a tenant belong to the engine's configuration.
 * Immutable.
 *
 * @param id the tenant's name, not blank
 * @param priority the priority of its requests unless they name an objective
 * @param apiKeySha256 hex SHA-256 digests of its API keys, in lower case
 * @param objectives the objectives that its requests may name
 * @param timeToLive how long its requests wait for a saturated pool; negative if their band's
 *     setting holds
 * @param maySetTimeToLive whether a request may say itself how long it waits
 */
public record TenantOptions(
    String id,
    int priority,
    Set<String> apiKeySha256,
    Set<String> objectives,
    Duration timeToLive,
    boolean maySetTimeToLive) {

  /** The time to live that means "as the band's setting says". */
  public static final Duration BAND_TTL = Duration.ofNanos(-1);

  /** Copies the sets; rejects a blank id and digests that are not 64 hexadecimal digits. */
  public TenantOptions {
    if (id.isBlank()) {
      throw new IllegalArgumentException("tenant id is blank");
    }
    for (var digest : apiKeySha256) {
      if (!digest.matches("[0-9a-f]{64}")) {
        throw new IllegalArgumentException(
            "tenant " + id + ": apiKeySha256: got " + digest + ", allowed 64 digits 0-9, a-f");
      }
    }
    apiKeySha256 = Set.copyOf(apiKeySha256);
    objectives = Set.copyOf(objectives);
  }

  /** A tenant without a key whose requests may choose nothing. */
  public static TenantOptions of(String id, int priority) {
    return new TenantOptions(id, priority, Set.of(), Set.of(), BAND_TTL, false);
  }
}
