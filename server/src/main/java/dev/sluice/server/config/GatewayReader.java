package dev.sluice.server.config;

import dev.sluice.gateway.ClientLimits;
import dev.sluice.gateway.Cors;
import dev.sluice.gateway.GatewayOptions;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import dev.sluice.serving.route.Routes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.OptionalInt;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Makes the gateway's options from the sections {@code gateway} and {@code tenants}. */
record GatewayReader(SluiceConfig sections, FaultReport report) {
  /** The tenant of requests without a key if no tenant has a key. */
  private static final String DEFAULT_FLOW = "default-flow";

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
            .maxHeaders(section.maxHeaders())
            .bodyTimeout(section.bodyTimeout())
            .connectTimeout(section.connectTimeout())
            .responseTimeout(section.responseTimeout())
            .clientTimeout(section.clientTimeout())
            .upstreamApiKey(section.upstreamApiKey())
            .askForUsage(section.askForUsage())
            .repeatAfterClose(section.repeatAfterClose())
            .clients(clients(section.connections()))
            .cors(new Cors(section.cors().origins(), section.cors().maxAge()))
            .identity(identity)
            .routes(routes());
    checkPorts();
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
    checkWithoutKey(ids, keys);
    return new IdentityOptions(
        tenants,
        gateway.objectives(),
        gateway.trustTenantHeader(),
        gateway.tenantHeaders(),
        gateway.requireApiKey(),
        gateway.anonymous().tenant());
  }

  private Routes routes() {
    try {
      return new Routes(sections.gateway().paths());
    } catch (IllegalArgumentException refused) {
      for (var fault : String.valueOf(refused.getMessage()).split("\n", -1)) {
        var colon = fault.indexOf(": ");
        report.fault("gateway.paths." + fault.substring(0, colon), fault.substring(colon + 2));
      }
      return Routes.DEFAULT;
    }
  }

  /** With one port for both, the system would give connections to either. */
  private void checkPorts() {
    var port = sections.admin().port();
    if (port != 0 && port == sections.gateway().port()) {
      report.fault(
          "admin.port", "got " + port + ", which is gateway.port; give each a port of its own");
    }
  }

  /** Checks what becomes of a request without a key. */
  private void checkWithoutKey(Set<String> ids, Set<String> keys) {
    var gateway = sections.gateway();
    var anonymous = gateway.anonymous().tenant();
    if (gateway.requireApiKey() && keys.isEmpty()) {
      report.fault(
          "gateway.requireApiKey",
          "got true, but no tenant has an apiKeySha256, so every request would be refused");
    }
    if (!anonymous.isEmpty() && !ids.contains(anonymous)) {
      report.fault(
          "gateway.anonymous.tenant",
          "got " + anonymous + ", allowed the id of a tenant: " + ids.stream().sorted().toList());
    }
    if (!anonymous.isEmpty() && gateway.requireApiKey()) {
      report.fault(
          "gateway.anonymous.tenant",
          "got " + anonymous + ", but gateway.requireApiKey refuses requests without a key");
    }
    var withoutKey = anonymous.isEmpty() && keys.isEmpty() ? DEFAULT_FLOW : anonymous;
    var priority = anonymousPriority(withoutKey);
    for (var i = 0; i < sections.tenants().size(); i++) {
      var tenant = sections.tenants().get(i);
      if (!tenant.id().equals(withoutKey)) {
        warn("tenants[" + i + "]", tenant, priority);
      }
    }
  }

  private void warn(String path, TenantSection tenant, OptionalInt anonymousPriority) {
    if (anonymousPriority.isPresent() && tenant.priority() < anonymousPriority.getAsInt()) {
      report.warn(
          path + ".priority",
          "requests of tenant "
              + tenant.id()
              + " have priority "
              + tenant.priority()
              + ", and requests without a key have "
              + anonymousPriority.getAsInt()
              + ", so the tenant gains by leaving its key out; lower the priority of the"
              + " anonymous tenant");
    }
    if (tenant.apiKeySha256().isEmpty() && !sections.gateway().trustTenantHeader()) {
      report.warn(
          path,
          "no request can belong to tenant "
              + tenant.id()
              + ": it has no apiKeySha256, gateway.anonymous does not name it, and"
              + " gateway.trustTenantHeader is false");
    }
  }

  /**
   * The highest priority of a request without a key.
   *
   * @param id the tenant that it belongs to; empty if it is refused
   */
  private OptionalInt anonymousPriority(String id) {
    var gateway = sections.gateway();
    if (gateway.requireApiKey() || id.isEmpty()) {
      return OptionalInt.empty();
    }
    var highest = OptionalInt.empty();
    for (var tenant : sections.tenants()) {
      if (tenant.id().equals(id)) {
        highest = OptionalInt.of(tenant.priority());
        for (var objective : tenant.objectives()) {
          var chosen = gateway.objectives().getOrDefault(objective, tenant.priority());
          highest = OptionalInt.of(Math.max(highest.getAsInt(), chosen));
        }
      }
    }
    return highest.isPresent() ? highest : OptionalInt.of(0);
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
