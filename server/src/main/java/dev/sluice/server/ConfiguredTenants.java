package dev.sluice.server;

import dev.sluice.server.config.LoadedConfig;
import dev.sluice.simulation.workload.TenantRules;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;

/** The tenants of a configuration, as they decide about the requests of a trace. */
final class ConfiguredTenants {
  private ConfiguredTenants() {}

  /** The rules of each configured tenant, by its id. */
  static Map<String, TenantRules> of(LoadedConfig config) {
    var rules = new HashMap<String, TenantRules>();
    var identity = config.gateway().identity();
    for (var tenant : identity.tenants()) {
      var objectives = new HashSet<Integer>();
      for (var objective : tenant.objectives()) {
        objectives.add(Objects.requireNonNull(identity.objectives().get(objective)));
      }
      var ttl = tenant.timeToLive();
      rules.put(
          tenant.id(),
          new TenantRules(
              tenant.priority(),
              objectives,
              ttl.isNegative() ? -1 : ttl.toNanos(),
              tenant.maySetTimeToLive()));
    }
    return rules;
  }
}
