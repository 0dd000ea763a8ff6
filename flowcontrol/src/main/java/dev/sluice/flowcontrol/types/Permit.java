package dev.sluice.flowcontrol.types;

/**
 * The capacity that a dispatched request holds. The caller returns it once, by {@link #complete} or
 * {@link #close}; later calls do nothing. If a permit is not returned within the configured longest
 * request duration, the engine takes it back and reports that. Thread-safe; no method blocks.
 */
public interface Permit extends AutoCloseable {

  /**
   * Says which endpoint serves the request. If a retry moves the request to another endpoint, the
   * caller binds the permit again.
   */
  void bind(String endpointId);

  /**
   * Reports the tokens that the request has used so far, as totals and not as increments. A report
   * with the first token also tells how long the endpoint took to begin, from which the default
   * detector learns the limits of endpoints without metrics.
   */
  void progress(Usage soFar);

  /**
   * Returns the capacity. {@code usage} is the request's total usage; the flow's share is corrected
   * by it.
   */
  void complete(Usage usage);

  /**
   * Returns the capacity. The usage that was last reported counts or, if none was, the estimated
   * one.
   */
  @Override
  void close();
}
