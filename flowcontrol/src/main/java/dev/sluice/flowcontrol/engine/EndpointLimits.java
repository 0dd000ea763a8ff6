package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/*
 * The problem: the pool chooses a request's endpoint after the dispatch. If it finds that every
 * endpoint already runs the requests that its limit allows, the dispatch was wrong.
 *
 * The mechanism: a dispatched request is in one of two places, in its class (unbound) or on an
 * endpoint (bound). An unbound request may go to any endpoint of its class, so it counts in full
 * against each class that shares an endpoint with its own.
 *
 *   free(class)     the places that the limits of its endpoints leave; endless if one has no limit
 *   unbound(class)  unbound requests of the class and of all that share an endpoint with it
 *
 * A request may go if unbound + 1 <= free holds for its class and for every class that shares an
 * endpoint with it and has an unbound request of its own. Then each unbound request finds a place,
 * in whatever order they are bound and to whichever endpoints.
 *
 * Without a limit anywhere, nothing is counted. When limits or endpoints change, everything is
 * counted anew from the running requests, so that no count drifts.
 */

/**
 * The configured limits on requests per endpoint, and the running requests that take from them.
 * Every detector's answer is subject to them. O(classes that share an endpoint) for each question,
 * dispatch and binding, O(1) if no endpoint has a limit; O(running + endpoints * classes) when the
 * limits or the endpoints change.
 */
final class EndpointLimits {
  private static final class Endpoint {
    final int limit;
    final ArrayList<Group> groups = new ArrayList<>();
    int bound;

    Endpoint(int limit) {
      this.limit = limit;
    }

    int free() {
      return Math.max(0, limit - bound);
    }
  }

  /** A class with the healthy endpoints that serve it. */
  private static final class Group {
    final EligibilityClass needs;
    final ArrayList<Endpoint> endpoints = new ArrayList<>();
    final ArrayList<Group> overlapping = new ArrayList<>();
    boolean isLimited = true;
    long free;
    long ownUnbound;
    long unbound;

    Group(EligibilityClass needs) {
      this.needs = needs;
    }

    boolean isFull() {
      return isLimited && unbound >= free;
    }
  }

  private final Map<String, Endpoint> byId = new HashMap<>();
  private final ArrayList<@Nullable Group> byIndex = new ArrayList<>();
  private List<EndpointState> states = List.of();
  private boolean isActive;

  /** Takes over a picture of the pool. */
  void poolChanged(PoolSnapshot snapshot, RunningOrder running) {
    var next = snapshot.endpoints();
    if (isTheSame(states, next)) {
      return;
    }
    states = next;
    isActive = next.stream().anyMatch(state -> state.maxRequests() > 0);
    byId.clear();
    byIndex.clear();
    if (!isActive) {
      return;
    }
    for (var state : next) {
      byId.put(state.id(), new Endpoint(state.maxRequests()));
    }
    for (var request = running.first(); request != null; request = request.nextRunning()) {
      taken(request);
      if (!request.endpointId().isEmpty()) {
        bound(request, "");
      }
    }
  }

  /** Whether the limits let one more request of the class go. */
  boolean hasRoom(EligibilityClass needs) {
    if (!isActive) {
      return true;
    }
    var group = group(needs);
    if (group.endpoints.isEmpty()) {
      return true; // nothing serves it, which is for the detector to say
    }
    if (group.isFull()) {
      return false;
    }
    for (var i = 0; i < group.overlapping.size(); i++) { // for every request: no iterator
      var other = group.overlapping.get(i);
      if (other.ownUnbound > 0 && other.isFull()) {
        return false;
      }
    }
    return true;
  }

  /** A request was dispatched and has no endpoint yet. */
  void taken(PendingRequest request) {
    if (isActive) {
      countUnbound(group(request.eligibilityClass()), 1);
    }
  }

  /** A request's endpoint became known or changed. */
  void bound(PendingRequest request, String previousEndpointId) {
    if (isActive) {
      leave(request, previousEndpointId);
      countBound(request.endpointId(), 1);
    }
  }

  /** A request ended. */
  void returned(PendingRequest request) {
    if (isActive) {
      leave(request, request.endpointId());
    }
  }

  private void leave(PendingRequest request, String endpointId) {
    if (endpointId.isEmpty()) {
      countUnbound(group(request.eligibilityClass()), -1);
    } else {
      countBound(endpointId, -1);
    }
  }

  private static void countUnbound(Group group, int requests) {
    group.ownUnbound += requests;
    for (var i = 0; i < group.overlapping.size(); i++) {
      group.overlapping.get(i).unbound += requests;
    }
  }

  private void countBound(String endpointId, int requests) {
    var endpoint = byId.get(endpointId);
    if (endpoint == null) {
      return; // it has left the pool
    }
    var before = endpoint.free();
    endpoint.bound += requests;
    var change = endpoint.free() - before;
    for (var i = 0; i < endpoint.groups.size(); i++) {
      endpoint.groups.get(i).free += change;
    }
  }

  private Group group(EligibilityClass needs) {
    while (byIndex.size() <= needs.index()) {
      byIndex.add(null);
    }
    var known = byIndex.get(needs.index());
    if (known != null && known.needs == needs) {
      return known;
    }
    if (known != null) {
      forget(known); // its class was retired, and this one has its index
    }
    var made = new Group(needs);
    byIndex.set(needs.index(), made);
    for (var state : states) {
      if (state.serves(needs.needs())) {
        join(made, state);
      }
    }
    for (var other : byIndex) {
      if (other != null && (other == made || sharesAnEndpoint(other, made))) {
        made.overlapping.add(other);
        made.unbound += other.ownUnbound;
        if (other != made) {
          other.overlapping.add(made);
        }
      }
    }
    return made;
  }

  private void join(Group group, EndpointState state) {
    var endpoint = byId.get(state.id());
    if (endpoint != null) {
      group.endpoints.add(endpoint);
      endpoint.groups.add(group);
      group.isLimited &= endpoint.limit > 0;
      group.free += endpoint.free();
    }
  }

  private static void forget(Group group) {
    countUnbound(group, (int) -group.ownUnbound);
    for (var endpoint : group.endpoints) {
      endpoint.groups.remove(group);
    }
    for (var other : group.overlapping) {
      if (other != group) {
        other.overlapping.remove(group);
      }
    }
  }

  private static boolean sharesAnEndpoint(Group a, Group b) {
    for (var endpoint : a.endpoints) {
      if (endpoint.groups.contains(b)) {
        return true;
      }
    }
    return false;
  }

  /** Whether two pictures of a pool differ in loads only. O(endpoints). */
  static boolean isTheSame(List<EndpointState> a, List<EndpointState> b) {
    if (a.size() != b.size()) {
      return false;
    }
    for (var i = 0; i < a.size(); i++) {
      var before = a.get(i);
      var now = b.get(i);
      if (!before.servesTheSameAs(now) || before.maxRequests() != now.maxRequests()) {
        return false;
      }
    }
    return true;
  }
}
