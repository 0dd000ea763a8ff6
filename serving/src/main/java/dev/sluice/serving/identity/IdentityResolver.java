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
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Finds a request's tenant and flow from its headers: by API key, else by a trusted header, else
 * the default flow. The tenant's options say what a request may choose. Immutable and thread-safe.
 * O(1).
 */
public final class IdentityResolver {
  static final String DEFAULT_FLOW = "default-flow";
  static final String OBJECTIVE_HEADER = "x-llm-d-inference-objective";
  static final String OLD_OBJECTIVE_HEADER = "x-gateway-inference-objective";
  static final String TTL_HEADER = "x-llm-d-inference-ttl";
  static final String SLO_HEADER = "x-llm-d-slo-ttft-ms";
  static final String OLD_SLO_HEADER = "x-slo-ttft-ms";
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
   * @param header gives a header's value by the header's lower-case name, or null if it is absent
   */
  public Identity resolve(Function<String, @Nullable String> header) {
    var key = bearer(header.apply("authorization"));
    TenantOptions tenant;
    var byKey = false;
    String flowId;
    if (key != null && !byKeyDigest.isEmpty()) {
      var known = byKeyDigest.get(sha256(key));
      if (known == null) {
        return refused(ErrorBody.authentication("The API key is unknown."));
      }
      tenant = known;
      flowId = known.id();
      byKey = true;
    } else if (options.requireApiKey()) {
      return refused(
          ErrorBody.authentication(
              "An API key is required. Send it as \"Authorization: Bearer <key>\"."));
    } else {
      var named = options.trustTenantHeader() ? firstTenantHeader(header) : "";
      if (named.length() > LONGEST_ID) {
        return invalid("The tenant header is longer than " + LONGEST_ID + " characters.");
      }
      flowId = named.isBlank() ? DEFAULT_FLOW : named;
      tenant = byId.getOrDefault(flowId, ANYBODY);
    }
    return choices(header, tenant, flowId, byKey);
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

  private static @Nullable String bearer(@Nullable String authorization) {
    if (authorization == null
        || authorization.length() <= 7
        || !authorization.substring(0, 7).toLowerCase(Locale.ROOT).equals("bearer ")) {
      return null;
    }
    return authorization.substring(7).trim();
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
