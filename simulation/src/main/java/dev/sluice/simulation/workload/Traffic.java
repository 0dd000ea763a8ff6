package dev.sluice.simulation.workload;

/**
 * The requests of one flow in an open loop: they arrive whatever becomes of them. Immutable.
 *
 * @param caller who sends them
 * @param arrivals when they arrive
 * @param shape what they are like
 * @param startNanos before this nothing arrives, at least 0
 * @param endNanos from here on nothing arrives; {@link Long#MAX_VALUE} for no end
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

  /** As this, only from {@code startNanos} until before {@code endNanos}. */
  public Traffic between(long startNanos, long endNanos) {
    return new Traffic(caller, arrivals, shape, startNanos, endNanos);
  }
}
