package dev.sluice.simulation.run;

import dev.sluice.flowcontrol.contracts.TimeSource;
import java.util.PriorityQueue;

/**
 * The clock of a simulation. Time stands still while an event runs, and then jumps to the next
 * event. Events that are due at the same time run in the order in which they were scheduled, so a
 * run repeats exactly. Not thread-safe; scheduling is O(log events).
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

  /** Schedules an action. If the time is past, the action is due now. */
  public void at(long nanos, Runnable action) {
    events.add(new Event(Math.max(now, nanos), scheduled++, action));
  }

  /** Runs all events that are due until a time, that time included, and stops there. */
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

  /** An alarm. Events cannot be cancelled, so one that a later setting replaced does nothing. */
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
