package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.FlowControlRequest;

/** The time at which a request reached the process or, if that is unknown, was offered. */
final class Arrival {
  private static final long FAR = Long.MAX_VALUE / 4;

  private Arrival() {}

  static long of(QueueItem item) {
    var arrived = item.request().arrivedAtNanos();
    return arrived == FlowControlRequest.UNSET ? item.enqueuedAtNanos() : arrived;
  }

  /** The arrival plus a duration, which counts as 73 years if it is longer. */
  static long plus(QueueItem item, long nanos) {
    return of(item) + Math.min(nanos, FAR);
  }
}
