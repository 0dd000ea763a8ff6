package dev.sluice.server.config;

import dev.sluice.flowcontrol.reading.Checks;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * {@code tenants[]}: one tenant.
 *
 * @param id the name of the tenant
 * @param priority larger is more important, negative is sheddable
 * @param weight share relative to the other tenants of the same priority
 * @param apiKeySha256 SHA-256 digests of the API keys of the tenant, in hexadecimal
 * @param objectives objectives that requests of the tenant may name
 * @param ttl the time that requests wait; unset means the time of their band
 * @param maySetTTL whether requests may set the time that they wait
 * @param limits limits on queued and running requests
 */
public record TenantSection(
    String id,
    int priority,
    double weight,
    List<String> apiKeySha256,
    List<String> objectives,
    @Nullable Duration ttl,
    boolean maySetTTL,
    LimitsSection limits) {

  /** The defaults; the file has to give the id. */
  public static final TenantSection DEFAULT =
      new TenantSection(
          "default-flow", 0, 1.0, List.of(), List.of(), null, false, LimitsSection.DEFAULT);

  /** Rejects values outside their ranges, all at once. */
  public TenantSection {
    apiKeySha256 = apiKeySha256.stream().map(key -> key.toLowerCase(Locale.ROOT)).toList();
    objectives = List.copyOf(objectives);
    var check =
        new Checks()
            .that(!id.isBlank(), "id", "\"" + id + "\"", "a name")
            .that(weight > 0 && weight < 1e9, "weight", weight, "> 0")
            .that(ttl == null || !ttl.isNegative(), "ttl", String.valueOf(ttl), ">= 0");
    for (var key : apiKeySha256) {
      check.that(key.matches("[0-9a-f]{64}"), "apiKeySha256", key, "64 hexadecimal digits");
    }
    check.done();
  }
}
