package dev.sluice.simulation.workload;

import java.util.Set;

/**
 * The settings of a configured tenant that decide about the requests of a trace. Immutable.
 *
 * @param priority the priority of requests without an objective
 * @param objectivePriorities the priorities of the objectives that requests may name. A request
 *     that the trace gives one of these priorities keeps it, because it named that objective
 * @param ttlNanos how long requests may wait; -1 if their band's setting holds
 * @param maySetTtl whether a time to live that the trace gives counts
 */
public record TenantRules(
    int priority, Set<Integer> objectivePriorities, long ttlNanos, boolean maySetTtl) {

  public TenantRules {
    objectivePriorities = Set.copyOf(objectivePriorities);
  }

  /** The priority of a request that the trace gives {@code recorded}. */
  int priorityOf(int recorded) {
    return objectivePriorities.contains(recorded) ? recorded : priority;
  }

  /** The time to live of a request that the trace gives {@code recordedNanos}, or -1. */
  long ttlOf(long recordedNanos) {
    return maySetTtl && recordedNanos >= 0 ? recordedNanos : ttlNanos;
  }
}
