package dev.sluice.serving.identity;

import java.util.HashSet;
import java.util.List;
import java.util.Map;

/**
 * How the tenant and the flow of a request are found. Immutable.
 *
 * @param tenants the known tenants; each id and each key is listed once
 * @param objectives the priority of each objective, by the objective's name
 * @param trustTenantHeader whether a header may name the tenant. Safe only behind a proxy that sets
 *     the header.
 * @param tenantHeaders the names of that header; the first one that is present counts
 * @param requireApiKey whether requests without a key are refused. If any tenant has a key, they
 *     are refused anyway, unless {@code anonymousTenant} or the trusted header names their tenant
 * @param anonymousTenant the tenant of requests without a key and without a trusted header; empty
 *     if the configuration names none
 */
public record IdentityOptions(
    List<TenantOptions> tenants,
    Map<String, Integer> objectives,
    boolean trustTenantHeader,
    List<String> tenantHeaders,
    boolean requireApiKey,
    String anonymousTenant) {

  /** Upstream's header and its older name. */
  public static final List<String> TENANT_HEADERS =
      List.of("x-llm-d-inference-fairness-id", "x-gateway-inference-fairness-id");

  /** All requests belong to one flow. */
  public static final IdentityOptions DEFAULT =
      new IdentityOptions(List.of(), Map.of(), false, TENANT_HEADERS, false);

  /** Options that name no tenant for requests without a key. */
  public IdentityOptions(
      List<TenantOptions> tenants,
      Map<String, Integer> objectives,
      boolean trustTenantHeader,
      List<String> tenantHeaders,
      boolean requireApiKey) {
    this(tenants, objectives, trustTenantHeader, tenantHeaders, requireApiKey, "");
  }

  /** Copies; rejects a tenant or a key that is listed twice, and objectives without a priority. */
  public IdentityOptions {
    var ids = new HashSet<String>();
    var keys = new HashSet<String>();
    for (var tenant : tenants) {
      if (!ids.add(tenant.id())) {
        throw new IllegalArgumentException("tenant " + tenant.id() + " is listed twice");
      }
      for (var key : tenant.apiKeySha256()) {
        if (!keys.add(key)) {
          throw new IllegalArgumentException(
              "tenant " + tenant.id() + ": a key with digest " + key + " is listed twice");
        }
      }
      for (var objective : tenant.objectives()) {
        if (!objectives.containsKey(objective)) {
          throw new IllegalArgumentException(
              "tenant " + tenant.id() + ": objective " + objective + " is not defined");
        }
      }
    }
    tenants = List.copyOf(tenants);
    objectives = Map.copyOf(objectives);
    tenantHeaders = List.copyOf(tenantHeaders);
  }
}
