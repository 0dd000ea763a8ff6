package dev.sluice.flowcontrol.types;

/**
 * The capacity that a dispatched request holds. Whoever gets one returns it exactly once, by {@link
 * #complete} or {@link #close}; later calls do nothing. A permit that is never returned is
 * reclaimed after the configured longest request duration, and reported. Thread-safe; no method
 * blocks.
 */
public interface Permit extends AutoCloseable {

  /** Says which endpoint serves the request. Called again when a retry moves it elsewhere. */
  void bind(String endpointId);

  /** Reports what the request has used so far; totals, not increments. */
  void progress(Usage soFar);

  /**
   * Returns the capacity. {@code usage} is what the request used in all; it corrects its flow's
   * share.
   */
  void complete(Usage usage);

  /** Returns the capacity with the usage last reported, or, if none was, what was estimated. */
  @Override
  void close();
}
