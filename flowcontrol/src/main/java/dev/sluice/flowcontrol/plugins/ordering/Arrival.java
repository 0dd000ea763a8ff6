package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.FlowControlRequest;

/** When a request reached the process, or was offered if that is all that is known. */
final class Arrival {
  private static final long FAR = Long.MAX_VALUE / 4;

  private Arrival() {}

  static long of(QueueItem item) {
    var arrived = item.request().arrivedAtNanos();
    return arrived == FlowControlRequest.UNSET ? item.enqueuedAtNanos() : arrived;
  }

  /** So much later; what is hundreds of years away counts as equally far. */
  static long plus(QueueItem item, long nanos) {
    return of(item) + Math.min(nanos, FAR);
  }
}
