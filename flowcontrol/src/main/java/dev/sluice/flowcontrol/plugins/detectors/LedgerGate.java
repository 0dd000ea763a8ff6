package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.plugins.detectors.Topology.Endpoint;
import dev.sluice.flowcontrol.plugins.detectors.Topology.Group;
import java.util.ArrayDeque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/*
 * Each class keeps the sum of its endpoints' room, in whole numbers, so that saturation is a few
 * divisions and never drifts. What is dispatched and not bound takes from that sum:
 *
 *   taken = max(unbound requests / slots, unbound tokens / tokens free in KV caches)
 *   saturation = 1 - room / weight * (1 - taken)
 *
 * An endpoint's slots are its free part times its limit: one that is short of KV cache offers few
 * slots, so that requests cannot be counted on one endpoint's slots and another's KV cache.
 *   I1  class.sum == sum over its endpoints of endpoint.load.room, field by field
 *   I2  endpoint.load.room is as its ledger says, after every method
 * The contract tells no time when a request ends: the next time that is heard of is taken.
 * O(1), but O(endpoints * classes) when the pool changes or a sample grew stale, and O(classes that
 * share an endpoint) for a grant and a return.
 */

/**
 * The gate of {@link Ledger}: the ledgers of all endpoints, and the room that they leave to each
 * class. This class is long because each of its methods has to keep the same sums.
 */
final class LedgerGate implements CapacityGate {
  private static final double WEIGHT_PARTS = 0x1p32;
  private static final double ALMOST_FULL = Math.nextDown(1.0);
  private static final long MOST_TOKENS = 1L << 40;

  /** Room on an endpoint, or on all of a class. */
  private static final class Room {
    long weight;
    long slotParts;
    long kvTokens;
    long unmeteredEndpoints;

    void add(Room other, int sign) {
      weight += sign * other.weight;
      slotParts += sign * other.slotParts;
      kvTokens += sign * other.kvTokens;
      unmeteredEndpoints += sign * other.unmeteredEndpoints;
    }

    void clear() {
      weight = 0;
      slotParts = 0;
      kvTokens = 0;
      unmeteredEndpoints = 0;
    }
  }

  private static final class Load {
    final EndpointLedger ledger;
    final Room room = new Room();
    long weight;

    Load(Ledger.Parameters parameters) {
      ledger = new EndpointLedger(parameters);
    }
  }

  private static final class Sum {
    final Room room = new Room();
    long weight;
  }

  /** A running request. */
  private static final class Held extends EndpointLedger.Entry {
    final @Nullable Group<Load, Sum> group;
    final boolean isOlderThanGate;
    @Nullable Endpoint<Load, Sum> endpoint;

    Held(
        @Nullable Group<Load, Sum> group,
        boolean isOlderThanGate,
        long kvTokens,
        long promptTokens,
        long sinceNanos) {
      super(kvTokens, promptTokens, sinceNanos);
      this.group = group;
      this.isOlderThanGate = isOlderThanGate;
    }

    /** The same request for its next endpoint; the one that it left may keep this. */
    Held again() {
      return new Held(group, false, kvTokens, promptTokens, sinceNanos);
    }
  }

  private final Topology<Load, Sum> topology;
  private final ArrayDeque<Held> leaving = new ArrayDeque<>();
  private boolean knowsTime;
  private long nowNanos;
  private boolean mayGrowStale;
  private boolean areLooksLeft;
  private long staleAtNanos;

  LedgerGate(Ledger.Parameters parameters) {
    topology = new Topology<>(() -> new Load(parameters), Sum::new);
  }

  @Override
  public void succeed(CapacityGate previous) {
    if (previous instanceof LedgerGate ledgers) {
      for (var known : ledgers.topology.present()) {
        topology.endpoint(known.id).load.ledger.succeed(known.load.ledger);
      }
    }
  }

  @Override
  public void poolChanged(PoolSnapshot snapshot, long now) {
    timeIs(now);
    var before = List.copyOf(topology.present());
    topology.update(snapshot, load -> load.ledger.isIdle());
    for (var endpoint : before) {
      if (endpoint.state == null) {
        endpoint.load.ledger.vanished();
      }
    }
    weigh();
    for (var endpoint : topology.present()) {
      var state = endpoint.state;
      if (state != null) {
        endpoint.load.ledger.stateChanged(state, nowNanos);
      }
    }
    measureAll();
  }

  @Override
  public void classAdded(EligibilityClass added) {
    sum(topology.add(added));
  }

  @Override
  public void classRetired(EligibilityClass retired) {
    var group = topology.group(retired);
    if (group != null) {
      topology.retire(group);
    }
  }

  @Override
  public double saturation(EligibilityClass needs, long now) {
    timeIs(now);
    var group = topology.group(needs);
    if (group == null) {
      return 1.0;
    }
    var room = group.counts.room;
    var slotsTaken = group.unboundRequests * EndpointLedger.PARTS;
    if (slotsTaken >= room.slotParts) {
      return 1.0;
    }
    var taken = slotsTaken / (double) room.slotParts;
    if (room.unmeteredEndpoints == 0) {
      if (group.unboundTokens >= room.kvTokens) {
        return 1.0;
      }
      taken = Math.max(taken, group.unboundTokens / (double) room.kvTokens);
    }
    var free = room.weight / (double) group.counts.weight * (1.0 - taken);
    return Math.min(ALMOST_FULL, 1.0 - free);
  }

  @Override
  public void granted(RunningRequest request) {
    var dispatchedAt = request.dispatchedAtNanos();
    var isOlder = knowsTime && dispatchedAt - nowNanos < 0;
    if (!isOlder) {
      timeIs(dispatchedAt);
    }
    var group = topology.group(request.eligibilityClass());
    var prompt = promptTokens(request);
    var held = new Held(group, isOlder, kvTokens(request, prompt), prompt, dispatchedAt);
    request.gateState(held);
    if (group != null) {
      topology.countUnbound(group, 1, held.kvTokens);
    }
  }

  @Override
  public void bound(RunningRequest request, String previousEndpointId) {
    if (!(request.gateState() instanceof Held held)) {
      return;
    }
    var isFirst = held.endpoint == null;
    var wasHere = isFirst && held.isOlderThanGate;
    leave(held, false);
    var entry = isFirst ? held : held.again();
    if (!wasHere) {
      entry.sinceNanos = nowNanos;
    }
    var endpoint = topology.endpoint(request.endpointId());
    entry.endpoint = endpoint;
    request.gateState(entry);
    endpoint.load.ledger.arrive(entry, wasHere);
    changed(endpoint);
  }

  @Override
  public void progressed(RunningRequest request, long now) {
    timeIs(now);
    if (request.gateState() instanceof Held held && held.endpoint != null) {
      var ledger = held.endpoint.load.ledger;
      if (ledger.progressed(held, nowNanos)) {
        changed(held.endpoint);
      }
      areLooksLeft |= ledger.isToLook();
    }
  }

  @Override
  public void returned(RunningRequest request) {
    returned(request, true);
  }

  @Override
  public void returned(RunningRequest request, boolean wasServed) {
    if (request.gateState() instanceof Held held) {
      leave(held, wasServed);
      request.gateState(null);
    }
  }

  private void leave(Held held, boolean wasServed) {
    var endpoint = held.endpoint;
    if (endpoint == null) {
      if (held.group != null && topology.group(held.group.needs) == held.group) {
        topology.countUnbound(held.group, -1, -held.kvTokens);
      }
      return;
    }
    if (endpoint.load.ledger.leave(held, wasServed, nowNanos)) {
      leaving.addLast(held);
    }
    changed(endpoint);
    topology.forgetIfGone(endpoint, endpoint.load.ledger.isIdle());
  }

  /** Settles what waited for a later time, and which samples have grown stale by now. */
  private void timeIs(long now) {
    if (!knowsTime || now - nowNanos > 0) {
      nowNanos = now;
      knowsTime = true;
    }
    for (var held = leaving.poll(); held != null; held = leaving.poll()) {
      held.leftNanos = nowNanos;
    }
    if (areLooksLeft) {
      look();
    }
    if (mayGrowStale && nowNanos - staleAtNanos >= 0) {
      for (var endpoint : topology.present()) {
        endpoint.load.ledger.age(nowNanos);
      }
      measureAll();
    }
  }

  /** Looks at the answers of those endpoints where that was left for later. */
  private void look() {
    areLooksLeft = false;
    for (var endpoint : topology.present()) {
      if (endpoint.load.ledger.look(nowNanos)) {
        changed(endpoint);
      }
      areLooksLeft |= endpoint.load.ledger.isToLook();
    }
  }

  /** Counts weights in parts of the heaviest endpoint's. */
  private void weigh() {
    var heaviest = 0.0;
    for (var endpoint : topology.present()) {
      heaviest = Math.max(heaviest, weight(endpoint));
    }
    for (var endpoint : topology.present()) {
      var parts = Math.round(weight(endpoint) / heaviest * WEIGHT_PARTS);
      endpoint.load.weight = Math.max(1, parts);
    }
  }

  private static double weight(Endpoint<Load, Sum> endpoint) {
    return endpoint.state == null ? 1.0 : endpoint.state.capacityWeight();
  }

  private void measureAll() {
    mayGrowStale = false;
    for (var endpoint : topology.present()) {
      var ledger = endpoint.load.ledger;
      measure(endpoint.load);
      if (ledger.isSampled() && (!mayGrowStale || ledger.staleAtNanos() - staleAtNanos < 0)) {
        mayGrowStale = true;
        staleAtNanos = ledger.staleAtNanos();
      }
    }
    for (var group : topology.groups()) {
      sum(group);
    }
  }

  private static void sum(Group<Load, Sum> group) {
    var counts = group.counts;
    counts.room.clear();
    counts.weight = 0;
    for (var endpoint : group.endpoints) {
      counts.room.add(endpoint.load.room, 1);
      counts.weight += endpoint.load.weight;
    }
  }

  private static void changed(Endpoint<Load, Sum> endpoint) {
    var load = endpoint.load;
    for (var group : endpoint.groups) {
      group.counts.room.add(load.room, -1);
    }
    measure(load);
    for (var group : endpoint.groups) {
      group.counts.room.add(load.room, 1);
    }
  }

  private static void measure(Load load) {
    var ledger = load.ledger;
    var room = load.room;
    room.clear();
    var part = ledger.freePart();
    if (!(part > 0)) {
      return;
    }
    var slots = ledger.freeRequests() * EndpointLedger.PARTS;
    var slotsByKv = (long) (ledger.given() * ledger.freeKvPart() * EndpointLedger.PARTS);
    room.weight = Math.max(1, (long) (load.weight * part));
    room.slotParts = Math.max(1, Math.min(slots, slotsByKv));
    if (ledger.kvLimit() > 0) {
      room.kvTokens = Math.max(1, (long) (ledger.kvLimit() - ledger.kvUsed()));
    } else {
      room.unmeteredEndpoints = 1;
    }
  }

  /** The tokens of a request's prompt that should not be in a prefix cache. */
  private static long promptTokens(RunningRequest running) {
    var request = running.request();
    return Math.min(MOST_TOKENS, request.inputTokens() - request.cachedInputTokens());
  }

  private static long kvTokens(RunningRequest running, long promptTokens) {
    return promptTokens + Math.min(MOST_TOKENS, running.predictedOutputTokens()) / 2;
  }
}
