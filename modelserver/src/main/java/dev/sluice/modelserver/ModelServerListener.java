package dev.sluice.modelserver;

/**
 * Told when a request starts running and when it ends. Called on the server's event loop: must not
 * block or throw. Times are {@link System#nanoTime()}; the id is the {@code x-request-id} header,
 * or empty.
 */
public interface ModelServerListener {
  /** The request left the waiting queue and holds a running slot. */
  default void started(String requestId, long nanoTime) {}

  /** The request gave its running slot back. */
  default void ended(String requestId, long nanoTime, Outcome outcome) {}
}
