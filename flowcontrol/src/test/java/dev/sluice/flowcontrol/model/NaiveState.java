package dev.sluice.flowcontrol.model;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Predicate;

/** The facts from which the naive engine recomputes everything else at each step. */
final class NaiveState {
  static final long NEVER = Long.MAX_VALUE;

  /** The queued requests, in the order of arrival. */
  final List<NaiveRequest> queued = new ArrayList<>();

  /** The requests that hold a permit, in the order of dispatch. */
  final List<NaiveRequest> running = new ArrayList<>();

  /** The priorities of the bands that exist, highest first. */
  final Set<Integer> bands = new TreeSet<>(Comparator.reverseOrder());

  List<Command.Endpoint> pool = List.of();

  /** The instant at which the pool last gained its first healthy endpoint or lost its last. */
  long poolTurnedAt = Long.MIN_VALUE;

  /** Since when no healthy endpoint serves a model that some request has asked for. */
  private final Map<String, Long> unservedSince = new HashMap<>();

  Knobs knobs;

  /** The present instant in nanoseconds, on the engine's clock. */
  long now;

  NaiveState(Knobs knobs, long now) {
    this.knobs = knobs;
    this.now = now;
  }

  boolean isPoolEmpty() {
    return isEmpty(pool);
  }

  void poolChanged(List<Command.Endpoint> endpoints) {
    if (isEmpty(endpoints) != isEmpty(pool)) {
      poolTurnedAt = now;
    }
    var servedBefore = queued.stream().map(NaiveRequest::model).filter(this::isServed).toList();
    pool = endpoints;
    for (var model : servedBefore) {
      if (!isServed(model)) {
        unservedSince.put(model, now);
      }
    }
    unservedSince.keySet().removeIf(this::isServed);
  }

  boolean isServed(String model) {
    return pool.stream().anyMatch(endpoint -> endpoint.serves(model));
  }

  /** The instant at which the model lost its last endpoint, if that is later than the beginning. */
  long unservedSince(String model) {
    return unservedSince.getOrDefault(model, Long.MIN_VALUE);
  }

  List<NaiveRequest> queued(Predicate<NaiveRequest> which) {
    return queued.stream().filter(which).toList();
  }

  static long bytes(Collection<NaiveRequest> requests) {
    return requests.stream().mapToLong(NaiveRequest::sizeBytes).sum();
  }

  private static boolean isEmpty(List<Command.Endpoint> endpoints) {
    return endpoints.stream().noneMatch(Command.Endpoint::healthy);
  }
}
