package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.EndpointState;

/**
 * How many requests an endpoint serves at once, found by additive increase and multiplicative
 * decrease: one more while the limit binds and nothing is wrong, a tenth less when something is. It
 * never grows while it does not bind, so a quiet hour teaches it nothing. It is not cut while more
 * runs than it allows: the cut before has not shown its effect yet. Not thread-safe.
 */
final class LearnedLimit {
  private static final double DECREASE = 0.9;
  private static final double KV_DANGER = 0.95;
  private static final int PATIENCE = 2;

  private final boolean isFixed;
  private final int least;
  private final int most;
  private final int headroom;
  private final int patience;
  private final long intervalNanos;
  private int value;
  private boolean hasSample;
  private long steppedAtNanos;
  private long preemptions;

  LearnedLimit(Ledger.Parameters parameters) {
    isFixed = parameters.fixedLimit() > 0;
    value = isFixed ? parameters.fixedLimit() : parameters.startLimit();
    least = parameters.minLimit();
    most = parameters.maxLimit();
    headroom = parameters.headroom();
    patience = Math.max(PATIENCE, headroom + 1);
    intervalNanos = Math.max(1, parameters.learningInterval().toNanos());
  }

  /** How many requests the endpoint is given: what it serves, and the headroom. */
  int given() {
    return value + headroom;
  }

  /**
   * Learns from a sample that is fresh and new. The first one shows from where preemptions count.
   *
   * @param inFlight requests on the endpoint, all senders'
   */
  void sampled(EndpointState sample, long inFlight) {
    if (hasSample && sample.sampledAtNanos() - steppedAtNanos < intervalNanos) {
      return;
    }
    var isFirst = !hasSample;
    var preempted = sample.preemptions() > preemptions;
    hasSample = true;
    steppedAtNanos = sample.sampledAtNanos();
    preemptions = sample.preemptions();
    if (!isFirst && !isFixed) {
      step(sample, preempted, inFlight);
    }
  }

  private void step(EndpointState sample, boolean preempted, long inFlight) {
    var kv = sample.kvUtilization();
    if (preempted || kv > KV_DANGER || sample.waitingRequests() > patience) {
      if (inFlight <= given()) {
        value = Math.max(least, (int) (value * DECREASE));
      }
    } else if (inFlight >= given() - 1 && kv <= KV_DANGER) {
      value = Math.min(most, value + 1);
    }
  }
}
