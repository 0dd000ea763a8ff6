package dev.sluice.gateway;

import java.time.Duration;
import java.util.Set;

/**
 * A tenant as the gateway knows it: how it proves who it is, and what it may choose. Its weight and
 * limits are the engine's business. Immutable.
 *
 * @param id its name, not blank
 * @param priority of its requests unless it chooses an objective
 * @param apiKeySha256 hex SHA-256 digests of its API keys, in lower case
 * @param objectives the objectives that it may name in its requests
 * @param timeToLive how long its requests wait for a saturated pool; negative means as their band
 *     says
 * @param maySetTimeToLive whether its requests may say how long they wait
 */
public record TenantOptions(
    String id,
    int priority,
    Set<String> apiKeySha256,
    Set<String> objectives,
    Duration timeToLive,
    boolean maySetTimeToLive) {

  /** Stands for "as the band says". */
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

  /** A tenant of a priority that chooses nothing and has no key. */
  public static TenantOptions of(String id, int priority) {
    return new TenantOptions(id, priority, Set.of(), Set.of(), BAND_TTL, false);
  }
}
