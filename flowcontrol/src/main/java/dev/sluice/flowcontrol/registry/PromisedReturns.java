package dev.sluice.flowcontrol.registry;

/**
 * The times at which refused callers were told to return, as a virtual queue. A caller that is
 * refused is told a time after every caller that was told one before it. Only the last time is
 * kept, so promises end by themselves when their time is over, whether the callers return or not.
 * Guarded by the core's lock. O(1).
 */
public final class PromisedReturns {
  private long lastNanos;
  private int outstanding;

  /**
   * The number of promises since the queue was last empty. It is 0 again when the last promised
   * time has passed.
   */
  public int outstanding(long nowNanos) {
    if (outstanding > 0 && lastNanos - nowNanos <= 0) {
      outstanding = 0;
    }
    return outstanding;
  }

  /**
   * The time for one more caller.
   *
   * @param earliestNanos the time that it would be told if no other caller had been told one
   * @param gapNanos the time to leave between two callers
   */
  public long next(long earliestNanos, long gapNanos, long nowNanos) {
    if (outstanding(nowNanos) == 0) {
      return earliestNanos;
    }
    var behind = lastNanos + gapNanos;
    return behind - earliestNanos > 0 ? behind : earliestNanos;
  }

  /** Notes that a caller was told to return at a time. */
  public void promise(long atNanos, long nowNanos) {
    var before = outstanding(nowNanos);
    lastNanos = before > 0 && lastNanos - atNanos > 0 ? lastNanos : atNanos;
    outstanding = before == Integer.MAX_VALUE ? before : before + 1;
  }
}
