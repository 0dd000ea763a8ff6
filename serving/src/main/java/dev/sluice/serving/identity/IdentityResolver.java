package dev.sluice.serving.identity;

import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.inference.ErrorBody;
import dev.sluice.serving.refusal.Refusal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds a request's tenant and flow from its headers: by API key, else by a trusted header, else
 * the anonymous tenant. If any tenant has a key, there is an anonymous tenant only if the options
 * name one. The tenant's options say what a request may choose. Immutable and thread-safe. O(1).
 */
public final class IdentityResolver {
  static final String DEFAULT_FLOW = "default-flow";

  /** The header with the name of an objective, from which a priority follows. */
  public static final String OBJECTIVE_HEADER = "x-llm-d-inference-objective";

  /** The older name of {@link #OBJECTIVE_HEADER}, which counts if the newer one is missing. */
  public static final String OLD_OBJECTIVE_HEADER = "x-gateway-inference-objective";

  static final String TTL_HEADER = "x-llm-d-inference-ttl";
  static final String SLO_HEADER = "x-llm-d-slo-ttft-ms";
  static final String OLD_SLO_HEADER = "x-slo-ttft-ms";
  private static final String KEY_IS_REQUIRED =
      "An API key is required. Send it as \"Authorization: Bearer <key>\", \"api-key: <key>\" or"
          + " \"x-api-key: <key>\".";
  private static final Duration NONE = Duration.ofNanos(-1);
  private static final int LONGEST_ID = 256;
  private static final Duration LONGEST_TTL = Duration.ofDays(365);
  private static final Pattern TTL = Pattern.compile("([0-9]{1,9})(ms|s|m|h)");
  private static final TenantOptions ANYBODY = TenantOptions.of(DEFAULT_FLOW, 0);

  private final IdentityOptions options;
  private final Map<String, TenantOptions> byKeyDigest = new HashMap<>();
  private final Map<String, TenantOptions> byId = new HashMap<>();

  /** A resolver for the tenants of these options. */
  public IdentityResolver(IdentityOptions options) {
    this.options = options;
    for (var tenant : options.tenants()) {
      byId.put(tenant.id(), tenant);
      for (var digest : tenant.apiKeySha256()) {
        byKeyDigest.put(digest, tenant);
      }
    }
  }

  /** The lower-case names of the headers that are meant for Sluice and hidden from endpoints. */
  public Set<String> ownHeaders() {
    var own = new HashSet<String>();
    for (var header : options.tenantHeaders()) {
      own.add(header.toLowerCase(Locale.ROOT));
    }
    own.addAll(
        Set.of(
            OBJECTIVE_HEADER,
            OLD_OBJECTIVE_HEADER,
            TTL_HEADER,
            SLO_HEADER,
            OLD_SLO_HEADER,
            Refusal.REASON_HEADER));
    return Set.copyOf(own);
  }

  /**
   * Finds the identity of a request.
   *
   * @param headers gives all values of a header by the header's lower-case name
   */
  public Identity resolve(Function<String, List<String>> headers) {
    Function<String, @Nullable String> header =
        name -> {
          var values = headers.apply(name);
          return values.isEmpty() ? null : values.getFirst();
        };
    if (!byKeyDigest.isEmpty() || options.requireApiKey()) {
      switch (Credential.of(headers)) {
        case Credential.Refused(var message) -> {
          return refused(ErrorBody.authentication(message));
        }
        case Credential.Key(var key) -> {
          var known = byKeyDigest.get(sha256(key));
          return known == null
              ? refused(ErrorBody.authentication("The API key is unknown."))
              : choices(header, known, known.id(), true);
        }
        case Credential.None() -> {
          if (options.requireApiKey()) {
            return refused(ErrorBody.authentication(KEY_IS_REQUIRED));
          }
        }
      }
    }
    return withoutKey(header);
  }

  private Identity withoutKey(Function<String, @Nullable String> header) {
    var named = options.trustTenantHeader() ? firstTenantHeader(header) : "";
    if (named.length() > LONGEST_ID) {
      return invalid("The tenant header is longer than " + LONGEST_ID + " characters.");
    }
    if (!named.isBlank()) {
      return choices(header, byId.getOrDefault(named, ANYBODY), named, false);
    }
    var anonymous = options.anonymousTenant();
    if (!anonymous.isEmpty()) {
      var tenant = byId.getOrDefault(anonymous, TenantOptions.of(anonymous, 0));
      return choices(header, tenant, anonymous, false);
    }
    if (!byKeyDigest.isEmpty()) {
      return refused(ErrorBody.authentication(KEY_IS_REQUIRED));
    }
    return choices(header, byId.getOrDefault(DEFAULT_FLOW, ANYBODY), DEFAULT_FLOW, false);
  }

  private Identity choices(
      Function<String, @Nullable String> header,
      TenantOptions tenant,
      String flowId,
      boolean byKey) {
    var priority = tenant.priority();
    var objective = either(header, OBJECTIVE_HEADER, OLD_OBJECTIVE_HEADER);
    if (objective != null) {
      var chosen = options.objectives().get(objective);
      if (chosen == null || !tenant.objectives().contains(objective)) {
        return invalid(
            "Tenant "
                + flowId
                + " may not use objective \""
                + objective
                + "\"; allowed: "
                + (tenant.objectives().isEmpty() ? "none" : tenant.objectives())
                + ".");
      }
      priority = chosen;
    }
    var ttl = tenant.timeToLive();
    var asked = header.apply(TTL_HEADER);
    if (asked != null && tenant.maySetTimeToLive()) {
      var parsed = TTL.matcher(asked.trim());
      if (!parsed.matches()) {
        return invalid(
            TTL_HEADER + ": got \"" + asked + "\", allowed a number followed by ms, s, m or h.");
      }
      ttl = duration(Long.parseLong(parsed.group(1)), parsed.group(2));
      if (ttl.compareTo(LONGEST_TTL) > 0) {
        return invalid(
            TTL_HEADER + ": got \"" + asked + "\", allowed up to " + LONGEST_TTL.toHours() + "h.");
      }
    }
    return new Identity.Known(flowId, new FlowKey(flowId, priority), ttl, slo(header), byKey);
  }

  private static Duration duration(long amount, String unit) {
    return switch (unit) {
      case "ms" -> Duration.ofMillis(amount);
      case "s" -> Duration.ofSeconds(amount);
      case "m" -> Duration.ofMinutes(amount);
      default -> Duration.ofHours(amount);
    };
  }

  /** A value that cannot be read counts as not given, as upstream does it. */
  private static Duration slo(Function<String, @Nullable String> header) {
    var value = either(header, SLO_HEADER, OLD_SLO_HEADER);
    if (value == null || !value.trim().matches("[0-9]{1,12}")) {
      return NONE;
    }
    return Duration.ofMillis(Long.parseLong(value.trim()));
  }

  private String firstTenantHeader(Function<String, @Nullable String> header) {
    for (var name : options.tenantHeaders()) {
      var value = header.apply(name);
      if (value != null && !value.isBlank()) {
        return value.trim();
      }
    }
    return "";
  }

  private static @Nullable String either(
      Function<String, @Nullable String> header, String name, String oldName) {
    var value = header.apply(name);
    return value != null ? value : header.apply(oldName);
  }

  private static String sha256(String key) {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(key.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static Identity refused(ErrorBody error) {
    return new Identity.Refused(error);
  }

  private static Identity invalid(String message) {
    return refused(ErrorBody.invalidRequest(message, "", "invalid_header"));
  }
}
