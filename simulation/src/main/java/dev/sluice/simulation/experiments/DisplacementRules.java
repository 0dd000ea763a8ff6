package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts what breaks the guarantees of a full queue, after every event: D1 nobody gives way to
 * equal or lower priority; D2 nobody is refused while those below could make room; D3 nobody gives
 * way in vain; D4 nobody is refused for its own backlog while that is below the threshold; D5 of a
 * flow the last in its order gives way; D6 what is queued never exceeds the limit. For a limit on
 * all requests, first come, first served inside flows, of weight 1, without times to live.
 */
final class DisplacementRules implements Watch {
  private final int limit;
  private final List<Arrival> queued = new ArrayList<>();
  private boolean someGaveWay;
  private long broken;

  DisplacementRules(int limit) {
    this.limit = limit;
  }

  long broken() {
    return broken;
  }

  @Override
  public void arrived(Arrival arrival, long nowNanos) {
    check(queued.size() <= limit); // D6, of the arrival before
    queued.add(arrival);
    someGaveWay = false;
  }

  @Override
  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
    remove(arrival);
  }

  @Override
  public void refused(Arrival arrival, long nowNanos, String reason) {
    var newcomer = queued.getLast();
    if (arrival == newcomer) {
      check(!someGaveWay); // D3
      check(isAboveThreshold(newcomer) || atLeastAsImportant(newcomer) > limit); // D2, D4
    } else {
      someGaveWay = true;
      check(arrival.priority() < newcomer.priority()); // D1
      check(queued.size() > limit); // D3
      check(isLastOfItsFlow(arrival)); // D5
    }
    remove(arrival);
  }

  private void check(boolean holds) {
    broken += holds ? 0 : 1;
  }

  private long atLeastAsImportant(Arrival newcomer) {
    return queued.stream().filter(other -> other.priority() >= newcomer.priority()).count();
  }

  /** Whether its flow had as much queued as was free, while others of its band had some, too. */
  private boolean isAboveThreshold(Arrival newcomer) {
    var own = 0;
    var others = 0;
    for (var other : queued) {
      if (other != newcomer && other.priority() == newcomer.priority()) {
        if (other.flow().equals(newcomer.flow())) {
          own++;
        } else {
          others++;
        }
      }
    }
    var free = limit - (atLeastAsImportant(newcomer) - 1);
    return others > 0 && own >= free;
  }

  private boolean isLastOfItsFlow(Arrival arrival) {
    return queued.reversed().stream()
        .filter(other -> other.flow().equals(arrival.flow()))
        .findFirst()
        .filter(last -> last == arrival)
        .isPresent();
  }

  /** Equal requests are not the same one. */
  private void remove(Arrival arrival) {
    queued.removeIf(other -> other == arrival);
  }
}
