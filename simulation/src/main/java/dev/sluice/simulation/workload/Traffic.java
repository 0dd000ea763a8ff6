package dev.sluice.simulation.workload;

import java.util.Map;

/**
 * The requests of one flow in an open loop: arrivals do not depend on outcomes. Immutable.
 *
 * @param caller the sender
 * @param arrivals the rule by which requests arrive
 * @param shape the properties of the requests
 * @param startNanos the time before which nothing arrives, at least 0
 * @param endNanos the time from which nothing arrives; {@link Long#MAX_VALUE} for no end
 */
public record Traffic(
    Caller caller, ArrivalProcess arrivals, RequestShape shape, long startNanos, long endNanos) {
  public Traffic {
    if (startNanos < 0) {
      throw new IllegalArgumentException("start: got " + startNanos + " ns, allowed >= 0");
    }
    if (endNanos <= startNanos) {
      throw new IllegalArgumentException(
          "end: got " + endNanos + " ns, allowed > start, which is " + startNanos);
    }
  }

  /** Traffic from the start on, without end. */
  public static Traffic of(Caller caller, ArrivalProcess arrivals, RequestShape shape) {
    return new Traffic(caller, arrivals, shape, 0, Long.MAX_VALUE);
  }

  /** This traffic with what the configured tenants add to it. */
  Traffic of(Map<String, TenantRules> tenants) {
    return new Traffic(
        TenantRules.complete(caller, tenants),
        arrivals,
        TenantRules.complete(shape, caller, tenants),
        startNanos,
        endNanos);
  }

  /** This traffic, only from {@code startNanos} until before {@code endNanos}. */
  public Traffic between(long startNanos, long endNanos) {
    return new Traffic(caller, arrivals, shape, startNanos, endNanos);
  }
}
