package dev.sluice.simulation.run;

import dev.sluice.flowcontrol.contracts.TimeSource;
import java.util.PriorityQueue;

/**
 * The clock of a simulation: it stands still while something happens, and jumps to the next thing.
 * What is due at the same time happens in the order in which it was scheduled, so a run repeats
 * exactly. One thread only; scheduling is O(log events).
 */
public final class VirtualTime implements TimeSource {

  private record Event(long atNanos, long order, Runnable action) implements Comparable<Event> {
    @Override
    public int compareTo(Event other) {
      return atNanos != other.atNanos
          ? Long.compare(atNanos, other.atNanos)
          : Long.compare(order, other.order);
    }
  }

  private final PriorityQueue<Event> events = new PriorityQueue<>();
  private long now;
  private long scheduled;

  /** A clock at 0 with nothing scheduled. */
  public VirtualTime() {}

  @Override
  public long nanoTime() {
    return now;
  }

  /** Lets something happen at a time that is not past; what is past happens now. */
  public void at(long nanos, Runnable action) {
    events.add(new Event(Math.max(now, nanos), scheduled++, action));
  }

  /** Lets everything happen that is due until then, and stops there. */
  public void runUntil(long nanos) {
    for (var next = events.peek(); next != null && next.atNanos <= nanos; next = events.peek()) {
      events.remove();
      now = next.atNanos;
      next.action.run();
    }
    now = Math.max(now, nanos);
  }

  /** Whether nothing is scheduled. */
  public boolean isIdle() {
    return events.isEmpty();
  }

  @Override
  public Alarm newAlarm(Runnable onFire) {
    return new VirtualAlarm(onFire);
  }

  /** Events cannot be taken back, so one that is not the alarm's latest does nothing. */
  private final class VirtualAlarm implements Alarm {
    private final Runnable onFire;
    private long setting;
    private boolean closed;

    VirtualAlarm(Runnable onFire) {
      this.onFire = onFire;
    }

    @Override
    public void set(long nanoTime) {
      var mine = ++setting;
      if (nanoTime != Long.MAX_VALUE) {
        at(
            nanoTime,
            () -> {
              if (mine == setting && !closed) {
                onFire.run();
              }
            });
      }
    }

    @Override
    public void close() {
      closed = true;
    }
  }
}
