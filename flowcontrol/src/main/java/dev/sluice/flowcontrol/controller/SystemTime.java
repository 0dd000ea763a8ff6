package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.TimeSource;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link System#nanoTime}, with alarms that each sleep on a virtual thread. */
final class SystemTime implements TimeSource {
  private static final Logger LOG = LoggerFactory.getLogger(SystemTime.class);

  static final SystemTime INSTANCE = new SystemTime();

  private SystemTime() {}

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public Alarm newAlarm(Runnable onFire) {
    var alarm = new SleepingAlarm(onFire);
    var thread = new Thread(alarm, "sluice-alarm");
    thread.setDaemon(true);
    alarm.thread = thread;
    thread.start();
    return alarm;
  }

  private static final class SleepingAlarm implements Alarm, Runnable {
    private final Runnable onFire;
    private static final long NOT_SET = Long.MAX_VALUE;

    private final AtomicLong at = new AtomicLong(NOT_SET);
    private volatile boolean closed;
    private volatile @Nullable Thread thread;

    /** Fires. The thread has to survive, or no alarm would ever fire again. */
    private void fire() {
      try {
        onFire.run();
      } catch (Throwable thrown) {
        LOG.error("An alarm failed; it can be set again", thrown);
      }
    }

    SleepingAlarm(Runnable onFire) {
      this.onFire = onFire;
    }

    @Override
    public void set(long nanoTime) {
      at.set(nanoTime);
      LockSupport.unpark(thread);
    }

    @Override
    public void close() {
      closed = true;
      LockSupport.unpark(thread);
    }

    @Override
    public void run() {
      while (!closed) {
        var time = at.get();
        if (time == NOT_SET) {
          LockSupport.park(this);
          continue;
        }
        var left = time - System.nanoTime();
        if (left > 0) {
          LockSupport.parkNanos(this, left);
        } else if (at.compareAndSet(time, NOT_SET)) {
          fire();
        }
      }
    }
  }
}
