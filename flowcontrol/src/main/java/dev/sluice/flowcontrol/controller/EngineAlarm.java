package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.engine.NextDue;
import java.util.function.Consumer;

/**
 * The one alarm of an engine. It fires at the earliest time that it was set to since it fired last;
 * if that time turns out to be too early, it fires for nothing. If what it does fails, it tries
 * again a second later. Thread-safe.
 */
final class EngineAlarm implements AutoCloseable {
  static final long RETRY_NANOS = 1_000_000_000;

  private final TimeSource time;
  private final Runnable onFire;
  private final Consumer<Throwable> onFailure;
  private final TimeSource.Alarm alarm;
  private final Object monitor = new Object();

  @GuardedBy("monitor")
  private long nanos;

  /** Both are written under the monitor, and read without it to spare most calls of it. */
  private volatile boolean set;

  private volatile long nanosHint;

  EngineAlarm(TimeSource time, Runnable onFire, Consumer<Throwable> onFailure) {
    this.time = time;
    this.onFire = onFire;
    this.onFailure = onFailure;
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
    try {
      onFire.run();
    } catch (Throwable thrown) {
      setBy(time.nanoTime() + RETRY_NANOS);
      onFailure.accept(thrown);
    }
  }

  @Override
  public void close() {
    alarm.close();
  }
}
