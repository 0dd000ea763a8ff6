package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts the events that break a guarantee of a full queue: D1 no request gives way to equal or
 * lower priority; D2 no request is refused while less important ones could make room; D3 no request
 * gives way in vain; D4 no flow is refused for its own backlog while that is below the threshold;
 * D5 in a flow the request that is last in its order gives way; D6 the queue never exceeds the
 * limit. The checks hold for a limit on all requests, flows of weight 1 in first come, first served
 * order, and no times to live.
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
    check(queued.size() <= limit); // D6, for the arrival before
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

  /**
   * Whether the request's flow had as much queued as was free, while other flows of the band had
   * requests queued too.
   */
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

  /** Finds a request by identity, because two requests may be equal. */
  private void remove(Arrival arrival) {
    queued.removeIf(other -> other == arrival);
  }
}
