package dev.sluice.flowcontrol.testing;

import dev.sluice.flowcontrol.contracts.TimeSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A clock that stands still until it is moved. Alarms run on the thread that moves it, in the order
 * of their times, and alarms of equal times run in the order in which they were set. While an alarm
 * runs, the clock shows the alarm's own time. With one thread, everything that the engine does is
 * therefore synchronous and repeatable. Thread-safe; alarms run without the clock's lock.
 */
public final class FakeClock implements TimeSource {

  private static final int RUNAWAY = 1_000_000;

  private final Object lock = new Object();
  private final List<FakeAlarm> armed = new ArrayList<>();
  private long now;
  private long settings;

  /** Starts at a reading that is neither zero nor near an overflow. */
  public FakeClock() {
    this(1_000_000_000_000L);
  }

  /** Starts at a reading, which may be negative. */
  public FakeClock(long startNanos) {
    this.now = startNanos;
  }

  @Override
  public long nanoTime() {
    synchronized (lock) {
      return now;
    }
  }

  @Override
  public Alarm newAlarm(Runnable onFire) {
    return new FakeAlarm(onFire);
  }

  /** Moves the clock and runs the alarms that fall due on the way, and those that they set. */
  public void advance(Duration by) {
    if (by.isNegative()) {
      throw new IllegalArgumentException("by: got " + by + ", allowed >= 0");
    }
    advanceTo(nanoTime() + by.toNanos());
  }

  /** Moves the clock to a reading that is not before the present one. */
  public void advanceTo(long target) {
    for (var fired = 0; ; fired++) {
      if (fired == RUNAWAY) {
        throw new IllegalStateException("alarms set each other for ever at " + nanoTime());
      }
      var due = takeDue(target);
      if (due == null) {
        return;
      }
      due.onFire.run();
    }
  }

  /**
   * Moves the clock and runs no alarm, as if its thread had been held up; they run when it moves
   * next.
   */
  public void lag(Duration by) {
    if (by.isNegative()) {
      throw new IllegalArgumentException("by: got " + by + ", allowed >= 0");
    }
    synchronized (lock) {
      now += by.toNanos();
    }
  }

  /** Runs the alarms that are due now, and those that they set for now. */
  public void settle() {
    advanceTo(nanoTime());
  }

  /** Number of alarms that are set and have not fired. */
  public int armedAlarms() {
    synchronized (lock) {
      return armed.size();
    }
  }

  private @Nullable FakeAlarm takeDue(long target) {
    synchronized (lock) {
      FakeAlarm first = null;
      for (var alarm : armed) {
        if (alarm.time - target <= 0 && (first == null || alarm.isBefore(first))) {
          first = alarm;
        }
      }
      if (first == null) {
        now = target - now > 0 ? target : now;
        return null;
      }
      armed.remove(first);
      now = first.time - now > 0 ? first.time : now;
      return first;
    }
  }

  private final class FakeAlarm implements Alarm {
    private final Runnable onFire;
    private long time;
    private long order;
    private boolean closed;

    private FakeAlarm(Runnable onFire) {
      this.onFire = onFire;
    }

    private boolean isBefore(FakeAlarm other) {
      return time != other.time ? time - other.time < 0 : order < other.order;
    }

    @Override
    public void set(long nanoTime) {
      synchronized (lock) {
        if (closed) {
          return;
        }
        time = nanoTime;
        order = settings++;
        if (!armed.contains(this)) {
          armed.add(this);
        }
      }
    }

    @Override
    public void close() {
      synchronized (lock) {
        closed = true;
        armed.remove(this);
      }
    }
  }
}
