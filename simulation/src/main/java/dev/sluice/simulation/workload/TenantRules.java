package dev.sluice.simulation.workload;

import java.util.Map;
import java.util.Set;

/**
 * The settings of a configured tenant that decide about the requests of a workload. Immutable.
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

  /** The caller with the priority of its tenant, unless the workload gives it one. */
  static Caller complete(Caller caller, Map<String, TenantRules> tenants) {
    if (caller.priority() != Caller.CONFIGURED) {
      return caller;
    }
    var rules = tenants.get(caller.tenant());
    return caller.withPriority(rules == null ? 0 : rules.priority);
  }

  /** The shape with the time to live of the caller's tenant, unless the workload gives it one. */
  static RequestShape complete(
      RequestShape shape, Caller caller, Map<String, TenantRules> tenants) {
    var rules = tenants.get(caller.tenant());
    return shape.ttlNanos() >= 0 || rules == null || rules.ttlNanos <= 0
        ? shape
        : shape.withTtl(rules.ttlNanos);
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
