package dev.sluice.server.config;

import dev.sluice.endpoints.EndpointConfig;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Warns of values that are allowed, and that hardly do at run time what they are meant to do.
 *
 * @param isKnown whether this machine can find the address of a host
 */
record Plausibility(SluiceConfig sections, FaultReport report, Predicate<String> isKnown) {
  /** The time after which the official SDKs of OpenAI and Anthropic give up by default. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  /** Warns of hosts without an address, and of waits longer than those of clients. */
  void check(List<EndpointConfig> endpoints) {
    checkNames(endpoints);
    checkWaits();
  }

  private void checkNames(List<EndpointConfig> endpoints) {
    checkName("gateway.host", sections.gateway().host(), "the gateway cannot listen on it");
    checkName("admin.host", sections.admin().host(), "the admin port cannot listen on it");
    var hosts = new HashMap<String, String>();
    for (var endpoint : endpoints) {
      hosts.put(endpoint.url().toString(), endpoint.host());
    }
    for (var i = 0; i < sections.pool().endpoints().size(); i++) {
      var host = hosts.get(sections.pool().endpoints().get(i).url());
      if (host != null) {
        checkName(
            "pool.endpoints[" + i + "].url",
            host,
            "no request can be sent there from this machine");
      }
    }
  }

  private void checkName(String path, String host, String so) {
    if (!isKnown.test(host)) {
      report.warn(path, "the name " + host + " has no address, so " + so);
    }
  }

  private void checkWaits() {
    var flowControl = sections.flowControl();
    checkWait("flowControl.defaultRequestTTL", flowControl.defaultRequestTTL());
    checkWait("flowControl.noEndpointRequestTTL", flowControl.noEndpointRequestTTL());
    checkWait("flowControl.defaultPriorityBand.ttl", flowControl.defaultPriorityBand().ttl());
    var negative = flowControl.defaultNegativePriorityBand();
    checkWait(
        "flowControl.defaultNegativePriorityBand.ttl", negative == null ? null : negative.ttl());
    for (var i = 0; i < flowControl.priorityBands().size(); i++) {
      checkWait(
          "flowControl.priorityBands[" + i + "].ttl", flowControl.priorityBands().get(i).ttl());
    }
    for (var i = 0; i < sections.tenants().size(); i++) {
      checkWait("tenants[" + i + "].ttl", sections.tenants().get(i).ttl());
    }
  }

  private void checkWait(String path, @Nullable Duration wait) {
    if (wait == null || (!wait.isZero() && wait.compareTo(PATIENCE) <= 0)) {
      return;
    }
    report.warn(
        path,
        "requests may wait "
            + (wait.isZero() ? "for ever" : wait.toSeconds() + " s")
            + ", but the official SDKs give up after "
            + PATIENCE.toSeconds()
            + " s by default; choose a shorter time, so that clients get an answer");
  }
}
