package dev.sluice.endpoints;

/** A request's place on an endpoint, counted there until it is closed. Thread-safe. */
public interface EndpointLease extends AutoCloseable {

  /** The endpoint that was chosen. */
  EndpointConfig endpoint();

  /** Tells what became of the request. A report after {@link #close} counts as well. */
  void report(Outcome outcome);

  /** Gives the place back. Closing again does nothing. */
  @Override
  void close();
}
