package dev.sluice.modelserver;

/**
 * Is told when a request starts to run and when it ends. Implementations must not block or throw,
 * because the server calls them on its event loop. Times are readings of {@link System#nanoTime()}.
 * The id is the value of the header {@code x-request-id}, or empty.
 */
public interface ModelServerListener {
  /** A request has left the waiting queue and occupies a running slot. */
  default void started(String requestId, long nanoTime) {}

  /** A request that had started is over. */
  default void ended(String requestId, long nanoTime, Outcome outcome) {}
}
