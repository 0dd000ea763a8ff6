package dev.sluice.simulation.workload;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.PriorityQueue;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Several workloads as one, in order of time. If requests of two workloads arrive at once, the
 * workload that is listed first comes first. O(log workloads) a request. Not thread-safe.
 */
public final class MergedWorkload implements Workload {

  private record Head(Arrival arrival, int index) {}

  private final List<Workload> workloads;
  private final PriorityQueue<Head> heads =
      new PriorityQueue<>(
          Comparator.comparingLong((Head head) -> head.arrival.atNanos())
              .thenComparingInt(Head::index));

  /**
   * The workload of each request that has not ended yet: by identity, since two requests may be
   * equal.
   */
  private final IdentityHashMap<Arrival, Workload> owners = new IdentityHashMap<>();

  /** Merges the given workloads. */
  public MergedWorkload(List<? extends Workload> workloads) {
    this.workloads = List.copyOf(workloads);
    for (var i = 0; i < this.workloads.size(); i++) {
      pull(i);
    }
  }

  @Override
  public @Nullable Arrival next() {
    var head = heads.poll();
    if (head == null) {
      return null;
    }
    pull(head.index);
    owners.put(head.arrival, workloads.get(head.index));
    return head.arrival;
  }

  @Override
  public List<Arrival> completed(Arrival arrival, long atNanos) {
    return answer(arrival, owner -> owner.completed(arrival, atNanos));
  }

  @Override
  public List<Arrival> refused(Arrival arrival, long atNanos, long retryAfterNanos) {
    return answer(arrival, owner -> owner.refused(arrival, atNanos, retryAfterNanos));
  }

  private List<Arrival> answer(Arrival arrival, Function<Workload, List<Arrival>> asked) {
    var owner = owners.remove(arrival);
    if (owner == null) {
      return List.of();
    }
    var next = new ArrayList<>(asked.apply(owner));
    next.forEach(follower -> owners.put(follower, owner));
    return next;
  }

  private void pull(int index) {
    var arrival = workloads.get(index).next();
    if (arrival != null) {
      heads.add(new Head(arrival, index));
    }
  }
}
