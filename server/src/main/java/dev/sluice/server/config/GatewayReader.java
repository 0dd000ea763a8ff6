package dev.sluice.server.config;

import dev.sluice.gateway.ClientLimits;
import dev.sluice.gateway.Cors;
import dev.sluice.gateway.GatewayOptions;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the gateway's options from the sections {@code gateway} and {@code tenants}. */
record GatewayReader(SluiceConfig sections, FaultReport report) {

  /** The gateway's options; null if the gateway refuses them. */
  @Nullable GatewayOptions read() {
    var section = sections.gateway();
    var identity = identity();
    var options =
        GatewayOptions.builder()
            .host(section.host())
            .port(section.port())
            .maxBodyBytes(section.maxBodyBytes())
            .maxHeaderBytes((int) section.maxHeaderBytes())
            .bodyTimeout(section.bodyTimeout())
            .connectTimeout(section.connectTimeout())
            .responseTimeout(section.responseTimeout())
            .clientTimeout(section.clientTimeout())
            .upstreamApiKey(section.upstreamApiKey())
            .askForUsage(section.askForUsage())
            .repeatAfterClose(section.repeatAfterClose())
            .clients(clients(section.connections()))
            .cors(new Cors(section.cors().origins(), section.cors().maxAge()))
            .identity(identity);
    if (section.eventLoops() > 0) {
      options.eventLoops(section.eventLoops());
    }
    if (section.bodyBudgetBytes() > 0) {
      options.bodyBudgetBytes(section.bodyBudgetBytes());
    }
    try {
      return options.build(); // the gateway's own checks may be stricter than the section's
    } catch (IllegalArgumentException e) {
      report.refused("gateway", e);
      return null;
    }
  }

  private static ClientLimits clients(ConnectionsSection section) {
    return new ClientLimits(
        section.headTimeout(),
        section.idleTimeout(),
        section.lingerTimeout(),
        section.maxConnections(),
        section.maxConnectionsPerAddress());
  }

  private IdentityOptions identity() {
    var gateway = sections.gateway();
    var tenants = new ArrayList<TenantOptions>();
    var ids = new HashSet<String>();
    var keys = new HashSet<String>();
    for (var i = 0; i < sections.tenants().size(); i++) {
      var tenant = sections.tenants().get(i);
      var path = "tenants[" + i + "]";
      if (isRight(path, tenant, ids, keys)) {
        tenants.add(
            new TenantOptions(
                tenant.id(),
                tenant.priority(),
                Set.copyOf(tenant.apiKeySha256()),
                Set.copyOf(tenant.objectives()),
                tenant.ttl() == null ? TenantOptions.BAND_TTL : tenant.ttl(),
                tenant.maySetTTL()));
      }
    }
    if (gateway.requireApiKey() && keys.isEmpty()) {
      report.fault(
          "gateway.requireApiKey",
          "got true, but no tenant has an apiKeySha256, so every request would be refused");
    }
    return new IdentityOptions(
        tenants,
        gateway.objectives(),
        gateway.trustTenantHeader(),
        gateway.tenantHeaders(),
        gateway.requireApiKey());
  }

  /**
   * Checks a tenant. {@code seenIds} and {@code seenKeys} are those of the tenants listed before
   * it.
   */
  private boolean isRight(
      String path, TenantSection tenant, Set<String> seenIds, Set<String> seenKeys) {
    var right = report.isWhole(path);
    if (right && !seenIds.add(tenant.id())) {
      report.fault(path + ".id", "tenant " + tenant.id() + " is listed twice");
      right = false;
    }
    for (var key : tenant.apiKeySha256()) {
      if (!seenKeys.add(key)) {
        report.fault(path + ".apiKeySha256", "key " + key + " is another tenant's, too");
        right = false;
      }
    }
    var known = sections.gateway().objectives().keySet();
    for (var objective : tenant.objectives()) {
      if (!known.contains(objective)) {
        report.fault(
            path + ".objectives",
            "got "
                + objective
                + ", allowed one of gateway.objectives: "
                + known.stream().sorted().toList());
        right = false;
      }
    }
    return right;
  }
}
