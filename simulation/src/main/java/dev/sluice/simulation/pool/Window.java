package dev.sluice.simulation.pool;

import java.time.Duration;

/**
 * A span of time in which something does not work. Immutable.
 *
 * @param from the beginning, counted from the simulation's start
 * @param to the end, after {@code from}
 */
public record Window(Duration from, Duration to) {

  /** Rejects a window that ends before it begins. */
  public Window {
    if (from.isNegative() || to.compareTo(from) <= 0) {
      throw new IllegalArgumentException("window: got " + from + " to " + to);
    }
  }

  /** Whether a time is in the window. */
  public boolean contains(long nanos) {
    return nanos >= from.toNanos() && nanos < to.toNanos();
  }
}
