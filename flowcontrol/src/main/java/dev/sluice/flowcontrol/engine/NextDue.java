package dev.sluice.flowcontrol.engine;

/**
 * A time before which nothing is due, so that an ordinary operation compares the clock with one
 * number. The time may be too early but never too late. A change that may move it later only marks
 * it as unknown; it is computed again at the end of the round.
 */
public final class NextDue {

  /** A time that never comes. */
  public static final long NEVER = Long.MAX_VALUE;

  private long nanos = NEVER;
  private boolean unknown;

  /** The time before which nothing is due, or {@link #NEVER}. */
  long nanos() {
    return nanos;
  }

  /** Something will be due at a time. */
  void by(long dueNanos) {
    nanos = earlier(nanos, dueNanos);
  }

  /** Something changed that may have moved the time in either direction. */
  void invalidate() {
    unknown = true;
  }

  boolean isUnknown() {
    return unknown;
  }

  /** The time has been computed again. */
  void set(long dueNanos) {
    nanos = dueNanos;
    unknown = false;
  }

  /** The earlier of two times, each of which may be {@link #NEVER}. */
  static long earlier(long a, long b) {
    if (a == NEVER || b == NEVER) {
      return a == NEVER ? b : a;
    }
    return a - b < 0 ? a : b;
  }
}
