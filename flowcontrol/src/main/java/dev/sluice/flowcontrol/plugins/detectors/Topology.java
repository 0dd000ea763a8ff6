package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Which endpoints serve which eligibility classes, and what a gate keeps of each. An endpoint that
 * vanished is kept while requests run on it, so that it is right at once if it comes back.
 *
 * <p>A dispatched request that is not bound yet could go to any endpoint of its class. It counts in
 * full against each class that shares one, so that no order of binding lets more in than fits.
 *
 * @param <E> what a gate keeps of an endpoint
 * @param <C> what a gate keeps of a class
 */
final class Topology<E, C> {

  /** An endpoint, in the pool or not. */
  static final class Endpoint<E, C> {
    final String id;
    final E load;
    final ArrayList<Group<E, C>> groups = new ArrayList<>();
    @Nullable EndpointState state;

    Endpoint(String id, E load) {
      this.id = id;
      this.load = load;
    }
  }

  /** A class with the healthy endpoints that serve it. */
  static final class Group<E, C> {
    final EligibilityClass needs;
    final C counts;
    final ArrayList<Endpoint<E, C>> endpoints = new ArrayList<>();
    final BitSet members = new BitSet();

    /** The classes with which it shares an endpoint, itself included if it has any. */
    final ArrayList<Group<E, C>> overlapping = new ArrayList<>();

    /** Unbound requests of {@link #overlapping}, and their tokens. */
    long unboundRequests;

    long unboundTokens;

    private long ownUnboundRequests;
    private long ownUnboundTokens;

    Group(EligibilityClass needs, C counts) {
      this.needs = needs;
      this.counts = counts;
    }
  }

  private final Supplier<E> newLoad;
  private final Supplier<C> newCounts;
  private final Map<String, Endpoint<E, C>> byId = new HashMap<>();
  private final ArrayList<Endpoint<E, C>> present = new ArrayList<>();
  private final ArrayList<@Nullable Group<E, C>> byIndex = new ArrayList<>();

  Topology(Supplier<E> newLoad, Supplier<C> newCounts) {
    this.newLoad = newLoad;
    this.newCounts = newCounts;
  }

  /** The pool's endpoints, healthy or not. */
  List<Endpoint<E, C>> present() {
    return present;
  }

  /** The classes in use. */
  List<Group<E, C>> groups() {
    var groups = new ArrayList<Group<E, C>>(byIndex.size());
    for (var group : byIndex) {
      if (group != null) {
        groups.add(group);
      }
    }
    return groups;
  }

  /** The record of a class; null if the class is not in use. O(1). */
  @Nullable Group<E, C> group(EligibilityClass needs) {
    var group = needs.index() < byIndex.size() ? byIndex.get(needs.index()) : null;
    return group != null && group.needs == needs ? group : null;
  }

  /** The record of an endpoint, made if the endpoint is new. O(1). */
  Endpoint<E, C> endpoint(String id) {
    return byId.computeIfAbsent(id, name -> new Endpoint<>(name, newLoad.get()));
  }

  /** Adds a class. O(endpoints + classes). */
  Group<E, C> add(EligibilityClass needs) {
    while (byIndex.size() <= needs.index()) {
      byIndex.add(null);
    }
    var group = new Group<E, C>(needs, newCounts.get());
    byIndex.set(needs.index(), group);
    join(group);
    for (var other : groups()) {
      if (other.members.intersects(group.members)) {
        group.overlapping.add(other);
        if (other != group) {
          other.overlapping.add(group);
        }
      }
    }
    sumUnbound(group);
    return group;
  }

  /** Counts requests of a class that have no endpoint yet. O(classes that share an endpoint). */
  void countUnbound(Group<E, C> group, long requests, long tokens) {
    group.ownUnboundRequests += requests;
    group.ownUnboundTokens += tokens;
    for (var i = 0; i < group.overlapping.size(); i++) { // for every request: no iterator
      var other = group.overlapping.get(i);
      other.unboundRequests += requests;
      other.unboundTokens += tokens;
    }
  }

  /** Forgets a class, and what is unbound of it. O(its endpoints and classes). */
  void retire(Group<E, C> group) {
    countUnbound(group, -group.ownUnboundRequests, -group.ownUnboundTokens);
    byIndex.set(group.needs.index(), null);
    for (var endpoint : group.endpoints) {
      endpoint.groups.remove(group);
    }
    for (var other : group.overlapping) {
      if (other != group) {
        other.overlapping.remove(group);
      }
    }
  }

  /**
   * Takes over a snapshot. Returns false if every class keeps its endpoints: then only the states
   * changed, O(endpoints). Else all classes were rebuilt, O(endpoints * classes + classes^2).
   *
   * @param isIdle whether an endpoint's load is that of a new one, so that it may be forgotten
   */
  boolean update(PoolSnapshot snapshot, Predicate<E> isIdle) {
    if (takeOverStates(snapshot.endpoints())) {
      return false;
    }
    for (var endpoint : byId.values()) {
      endpoint.state = null;
      endpoint.groups.clear();
    }
    present.clear();
    for (var state : snapshot.endpoints()) {
      var endpoint = endpoint(state.id());
      endpoint.state = state;
      present.add(endpoint);
    }
    byId.values().removeIf(endpoint -> endpoint.state == null && isIdle.test(endpoint.load));
    var groups = groups();
    for (var group : groups) {
      group.endpoints.clear();
      group.members.clear();
      group.overlapping.clear();
      join(group);
    }
    for (var group : groups) {
      for (var other : groups) {
        if (other.members.intersects(group.members)) {
          group.overlapping.add(other);
        }
      }
      sumUnbound(group);
    }
    return true;
  }

  /** Forgets an endpoint that is not in the pool and on which nothing runs any more. */
  void forgetIfGone(Endpoint<E, C> endpoint, boolean idle) {
    if (idle && endpoint.state == null) {
      byId.remove(endpoint.id, endpoint);
    }
  }

  private boolean takeOverStates(List<EndpointState> states) {
    if (states.size() != present.size()) {
      return false;
    }
    for (var i = 0; i < states.size(); i++) {
      var old = present.get(i).state;
      if (old == null || !old.servesTheSameAs(states.get(i))) {
        return false;
      }
    }
    for (var i = 0; i < states.size(); i++) {
      present.get(i).state = states.get(i);
    }
    return true;
  }

  private static <E, C> void sumUnbound(Group<E, C> group) {
    group.unboundRequests = 0;
    group.unboundTokens = 0;
    for (var other : group.overlapping) {
      group.unboundRequests += other.ownUnboundRequests;
      group.unboundTokens += other.ownUnboundTokens;
    }
  }

  private void join(Group<E, C> group) {
    Eligibility needs = group.needs.needs();
    for (var i = 0; i < present.size(); i++) {
      var endpoint = present.get(i);
      var state = endpoint.state;
      if (state != null && state.serves(needs)) {
        group.endpoints.add(endpoint);
        group.members.set(i);
        endpoint.groups.add(group);
      }
    }
  }
}
