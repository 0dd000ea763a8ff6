package dev.sluice.flowcontrol.framework;

/** A band as policies see it. Read under the core's lock only. */
public interface BandView {

  /** Its priority. */
  int priority();

  /** Its queued requests. */
  int queuedRequests();

  /** Its queued bytes. */
  long queuedBytes();

  /** Its limit on queued requests, above 0. */
  long maxRequests();

  /** Its limit on queued bytes, above 0. */
  long maxBytes();

  /** Its flows that have something queued. */
  int activeFlows();
}
