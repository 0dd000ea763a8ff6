package dev.sluice.flowcontrol.conformance;

import dev.sluice.flowcontrol.framework.BandView;

/** A band whose every property is given. */
public record FakeBand(
    int priority,
    int queuedRequests,
    long queuedBytes,
    long maxRequests,
    long maxBytes,
    int activeFlows)
    implements BandView {

  /** A band of priority 0 without anything queued. */
  public static FakeBand empty(long maxRequests, long maxBytes) {
    return new FakeBand(0, 0, 0, maxRequests, maxBytes, 0);
  }
}
