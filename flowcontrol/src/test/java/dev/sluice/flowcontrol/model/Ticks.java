package dev.sluice.flowcontrol.model;

import java.time.Duration;

/**
 * The grain of time in the random test. Everything happens at whole ticks, so a timer that rounds
 * up to its own grain, of at most one tick, is exact.
 */
final class Ticks {
  static final long NANOS = 10_000_000L;

  private Ticks() {}

  static Duration duration(long ticks) {
    return Duration.ofNanos(ticks * NANOS);
  }
}
