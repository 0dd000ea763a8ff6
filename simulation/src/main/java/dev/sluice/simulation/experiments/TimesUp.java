package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * Counts requests that expired, and requests that were refused because they would expire. It also
 * says how many of the latter would have been served if each had been queued alone. In the order of
 * arrival, such a request would have had its turn, at the latest, when the first request of its
 * flow that came after it had one.
 */
final class TimesUp implements Watch {

  /** A request that was refused, and what would have become of it is not known yet. */
  private record Absent(long atNanos, long ttlNanos) {}

  private final Map<String, ArrayDeque<Absent>> absent = new HashMap<>();
  private int served;
  private int expired;
  private int refused;
  private int refusedInVain;

  @Override
  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
    served++;
    var before = absent.get(arrival.flow());
    while (before != null
        && !before.isEmpty()
        && before.element().atNanos <= nowNanos - waitedNanos) {
      var one = before.remove();
      if (nowNanos - one.atNanos < one.ttlNanos) {
        refusedInVain++;
      }
    }
  }

  @Override
  public void refused(Arrival arrival, long nowNanos, String reason) {
    switch (reason) {
      case "EXPIRED" -> expired++;
      case "WOULD_EXPIRE" -> {
        refused++;
        absent
            .computeIfAbsent(arrival.flow(), flow -> new ArrayDeque<>())
            .add(new Absent(nowNanos, arrival.ttlNanos()));
      }
      default -> throw new IllegalStateException("not expected in this experiment: " + reason);
    }
  }

  /** Requests that were dispatched. */
  int served() {
    return served;
  }

  /** Requests whose time ended in the queue. */
  int expired() {
    return expired;
  }

  /** Requests that were refused because they would expire. */
  int refused() {
    return refused;
  }

  /** The part of the requests refused so that would have been served, in percent. */
  double refusedInVain() {
    return 100.0 * refusedInVain / refused;
  }
}
