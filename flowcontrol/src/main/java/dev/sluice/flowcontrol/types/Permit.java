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
   * Reports the tokens that the request has used so far, as totals and not as increments. A prompt
   * of 0 tokens is one that has not been counted yet. A report with the first token also tells how
   * long the endpoint took to begin, from which the default detector learns the limits of endpoints
   * without metrics.
   */
  void progress(Usage soFar);

  /**
   * Returns the capacity. {@code usage} is the request's total usage as the model server reported
   * it; the flow's share is corrected by it, and the estimates of later requests learn from it.
   *
   * <p>{@link Usage#NONE} means that nothing was used, because the request never reached a model
   * server, and refunds all. If a model server may have begun to serve the request and its usage is
   * unknown, for example because the client left, call {@link #close}.
   */
  void complete(Usage usage);

  /**
   * Returns the capacity of a request that its endpoint failed to serve. It is charged as by {@link
   * #close}, but the saturation detector learns nothing from it: an endpoint that fails at once is
   * not a fast one. The default calls {@link #close}.
   */
  default void fail() {
    close();
  }

  /**
   * Returns the capacity of a request whose usage is unknown. Leaving early is therefore not free:
   *
   * <pre>
   *   charged    prompt    as reported, else as predicted
   *              output    as reported + what requests of the model generate in the time since then;
   *                        if nothing was reported, as predicted, or what they generate in the time
   *                        that the request ran, whichever is more;
   *                        never more than the request may generate
   * </pre>
   */
  @Override
  void close();
}
