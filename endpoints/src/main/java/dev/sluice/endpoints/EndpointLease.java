package dev.sluice.endpoints;

import dev.sluice.endpoints.discovery.EndpointConfig;

/** A request's place on an endpoint. Thread-safe. */
public interface EndpointLease extends AutoCloseable {

  /** Where the request goes. */
  EndpointConfig endpoint();

  /** Gives the place back; closing again does nothing. */
  @Override
  void close();
}
