package dev.sluice.simulation.pool;

import java.time.Duration;

/**
 * A time in which something does not work. Immutable.
 *
 * @param from when it begins, since the simulation's start
 * @param to when it is over, after {@code from}
 */
public record Window(Duration from, Duration to) {

  /** Rejects windows that end before they begin. */
  public Window {
    if (from.isNegative() || to.compareTo(from) <= 0) {
      throw new IllegalArgumentException("window: got " + from + " to " + to);
    }
  }

  /** Whether a time is within. */
  public boolean contains(long nanos) {
    return nanos >= from.toNanos() && nanos < to.toNanos();
  }
}
