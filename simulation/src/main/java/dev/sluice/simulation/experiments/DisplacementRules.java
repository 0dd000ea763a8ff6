package dev.sluice.simulation.experiments;

import dev.sluice.simulation.run.Watch;
import dev.sluice.simulation.workload.Arrival;
import java.util.ArrayList;
import java.util.List;

/**
 * Counts what breaks the guarantees of a full queue, after every event: D1 nobody gives way to
 * lower priority, and to equal priority only one request of the largest flow, which then still has
 * as much as the newcomer's; D2 nobody is refused while those below could make room; D3 nobody
 * gives way in vain; D4 nobody is refused while another flow of its band has two requests more, or
 * while room is left for its own flow or for all flows of its band; D5 of a flow the last in its
 * order gives way; D6 what is queued never exceeds the limit. For a limit on all requests, first
 * come, first served inside flows, each its own tenant of weight 1, without times to live.
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
      check(count(newcomer) > largestOther(newcomer) - 1); // D4
    } else {
      check(arrival.priority() < newcomer.priority() || isExchange(arrival, newcomer)); // D1
      someGaveWay = true;
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

  /** Whether a request of the newcomer's own band may give way, and no other one has. */
  private boolean isExchange(Arrival arrival, Arrival newcomer) {
    return arrival.priority() == newcomer.priority()
        && !someGaveWay
        && atLeastAsImportant(newcomer) > limit
        && count(arrival) - 1 >= count(newcomer)
        && count(arrival) >= largestOther(newcomer);
  }

  /**
   * Whether its band had as much queued as its flows must leave free together, and its own flow as
   * much as is free.
   */
  private boolean isAboveThreshold(Arrival newcomer) {
    var ofBand = queued.stream().filter(other -> other.priority() == newcomer.priority()).toList();
    var flows = ofBand.stream().map(Arrival::flow).distinct().count();
    var free = limit - (atLeastAsImportant(newcomer) - 1);
    return flows > 1 && ofBand.size() - 1 >= flows * free && count(newcomer) - 1 >= free;
  }

  private long count(Arrival arrival) {
    return queued.stream().filter(other -> isOfSameFlow(other, arrival)).count();
  }

  private long largestOther(Arrival newcomer) {
    return queued.stream()
        .filter(other -> other.priority() == newcomer.priority())
        .filter(other -> !isOfSameFlow(other, newcomer))
        .mapToLong(this::count)
        .max()
        .orElse(0);
  }

  private static boolean isOfSameFlow(Arrival a, Arrival b) {
    return a.priority() == b.priority() && a.flow().equals(b.flow());
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
