package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.engine.NextDue;

/**
 * The one alarm of an engine. It fires at the earliest time that it was set to since it fired last;
 * if that time turns out to be too early, it fires for nothing. Thread-safe.
 */
final class EngineAlarm implements AutoCloseable {
  private final Runnable onFire;
  private final TimeSource.Alarm alarm;
  private final Object monitor = new Object();

  @GuardedBy("monitor")
  private long nanos;

  /** Both are written under the monitor, and read without it to spare most calls of it. */
  private volatile boolean set;

  private volatile long nanosHint;

  EngineAlarm(TimeSource time, Runnable onFire) {
    this.onFire = onFire;
    alarm = time.newAlarm(this::fire);
  }

  /** Makes sure that the alarm fires at {@code nextNanos} or before. */
  void setBy(long nextNanos) {
    if (nextNanos == NextDue.NEVER || (set && nextNanos - nanosHint >= 0)) {
      return;
    }
    synchronized (monitor) {
      if (!set || nextNanos - nanos < 0) {
        nanos = nextNanos;
        nanosHint = nextNanos;
        set = true;
        alarm.set(nextNanos);
      }
    }
  }

  private void fire() {
    synchronized (monitor) {
      set = false;
    }
    onFire.run();
  }

  @Override
  public void close() {
    alarm.close();
  }
}
