package dev.sluice.flowcontrol.contracts;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * What is known of the pool, pushed into the engine by whoever discovers and scrapes it. Immutable.
 *
 * @param endpoints all endpoints, healthy or not, each id once
 */
public record PoolSnapshot(List<EndpointState> endpoints) {

  /** A pool without endpoints. */
  public static final PoolSnapshot EMPTY = new PoolSnapshot(List.of());

  /** Copies {@code endpoints}; rejects an id that stands twice. */
  public PoolSnapshot {
    endpoints = List.copyOf(endpoints);
    var seen = new HashSet<String>();
    for (var endpoint : endpoints) {
      if (!seen.add(endpoint.id())) {
        throw new IllegalArgumentException("endpoint id " + endpoint.id() + " stands twice");
      }
    }
  }

  /**
   * Healthy endpoints that serve anything, for callers that need capacity limits and no metrics.
   */
  public static PoolSnapshot of(String... endpointIds) {
    return new PoolSnapshot(Stream.of(endpointIds).map(EndpointState::of).toList());
  }

  /** Whether no endpoint is healthy. */
  public boolean hasNoEndpoints() {
    for (var endpoint : endpoints) {
      if (endpoint.healthy()) {
        return false;
      }
    }
    return true;
  }
}
