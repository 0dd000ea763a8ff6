package dev.sluice.flowcontrol.contracts;

import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * The pool's endpoints as they were last seen. The code that discovers and scrapes endpoints pushes
 * a snapshot into the engine whenever something changed. Immutable.
 *
 * @param endpoints all endpoints, healthy or not, each id once
 */
public record PoolSnapshot(List<EndpointState> endpoints) {

  /** A pool without endpoints. */
  public static final PoolSnapshot EMPTY = new PoolSnapshot(List.of());

  /** Copies {@code endpoints}; rejects an id that is listed twice. */
  public PoolSnapshot {
    endpoints = List.copyOf(endpoints);
    var seen = new HashSet<String>();
    for (var endpoint : endpoints) {
      if (!seen.add(endpoint.id())) {
        throw new IllegalArgumentException("endpoint id " + endpoint.id() + " is listed twice");
      }
    }
  }

  /**
   * A pool of healthy endpoints that serve any model, for callers that need limits but read no
   * metrics.
   */
  public static PoolSnapshot of(String... endpointIds) {
    return new PoolSnapshot(Stream.of(endpointIds).map(EndpointState::of).toList());
  }

  /** Whether no endpoint is healthy. True for an empty pool. */
  public boolean hasNoEndpoints() {
    for (var endpoint : endpoints) {
      if (endpoint.healthy()) {
        return false;
      }
    }
    return true;
  }
}
