package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.plugins.detectors.Topology.Endpoint;
import dev.sluice.flowcontrol.plugins.detectors.Topology.Group;
import dev.sluice.flowcontrol.structures.Ring;
import org.jspecify.annotations.Nullable;

/*
 * Upstream's formula is a mean of maxima, so it is computed over all endpoints of a class, but only
 * when something about one of them changed since the last time, or a sample grew stale: O(endpoints of
 * the class) then, O(1) otherwise. Everything else is O(1), except that a grant and the end of an
 * unbound request touch each endpoint of their class.
 *   I1  endpoint.unseen holds the requests bound to it that its sample cannot have seen
 *   I2  class.unbound holds its unbound requests, oldest first
 *   I3  endpoint.unboundShare == sum over its classes of their unbound, unseen requests, divided by
 *       the number of endpoints of the class, in whole parts
 */
final class UtilizationGate implements CapacityGate {
  /** Whole parts of a request, and of a token, that shares are counted in. */
  private static final long PARTS = 1L << 20;

  private static final long PARTS_OF_TOKEN = 1L << 8;
  private static final long MOST_TOKENS = 1L << 40;
  private static final long FOREVER = Long.MAX_VALUE / 2;

  /** After so long without a first sample an endpoint is taken to have no metrics. */
  private static final long WITHOUT_METRICS_NANOS = 5_000_000_000L;

  /** A running request. */
  private static final class Held extends Ring.Link {
    final Group<Load, Counts> group;
    final long dispatchedAtNanos;
    final long kvTokens;
    @Nullable Endpoint<Load, Counts> endpoint;

    Held(Group<Load, Counts> group, long dispatchedAtNanos, long kvTokens) {
      this.group = group;
      this.dispatchedAtNanos = dispatchedAtNanos;
      this.kvTokens = kvTokens;
    }

    boolean isUnseenBy(@Nullable EndpointState state) {
      return state == null
          || state.sampledAtNanos() == EndpointState.NEVER_SAMPLED
          || dispatchedAtNanos - state.sampledAtNanos() >= 0;
    }
  }

  private static final class Load {
    final Ring<Held> unseen = new Ring<>();
    int unseenRequests;
    long unseenTokens;
    long unboundShare;
    long unboundTokenShare;
    boolean isSeen;
    long seenNanos;
  }

  private static final class Counts {
    final Ring<Held> unbound = new Ring<>();
    boolean isStale = true;
    long validUntilNanos;
    double saturation;
  }

  private final int queueDepthThreshold;
  private final double kvThreshold;
  private final long stalenessNanos;
  private final Topology<Load, Counts> topology = new Topology<>(Load::new, Counts::new);

  UtilizationGate(Utilization.Parameters parameters) {
    queueDepthThreshold = parameters.queueDepthThreshold();
    kvThreshold = parameters.kvCacheUtilThreshold();
    stalenessNanos = parameters.metricsStalenessThreshold().toNanos();
  }

  @Override
  public void poolChanged(PoolSnapshot snapshot, long nowNanos) {
    topology.update(snapshot, load -> load.unseenRequests == 0);
    for (var endpoint : topology.present()) {
      dropSeen(endpoint);
      if (!endpoint.load.isSeen) {
        endpoint.load.isSeen = true;
        endpoint.load.seenNanos = nowNanos;
      }
      endpoint.load.unboundShare = 0;
      endpoint.load.unboundTokenShare = 0;
    }
    for (var group : topology.groups()) {
      group.counts.isStale = true;
      for (var endpoint : group.endpoints) {
        var held = group.counts.unbound.last();
        while (held != null && held.isUnseenBy(endpoint.state)) {
          share(held, endpoint, 1);
          held = group.counts.unbound.before(held);
        }
      }
    }
  }

  @Override
  public void classAdded(EligibilityClass added) {
    topology.add(added);
  }

  @Override
  public void classRetired(EligibilityClass retired) {
    var group = topology.group(retired);
    if (group == null) {
      return;
    }
    for (var held = group.counts.unbound.first();
        held != null;
        held = group.counts.unbound.first()) {
      leaveClass(held);
    }
    topology.retire(group);
  }

  @Override
  public double saturation(EligibilityClass needs, long nowNanos) {
    var group = topology.group(needs);
    if (group == null || group.endpoints.isEmpty()) {
      return 1.0;
    }
    var counts = group.counts;
    if (counts.isStale || nowNanos - counts.validUntilNanos > 0) {
      measure(group, nowNanos);
    }
    return counts.saturation;
  }

  @Override
  public void granted(RunningRequest request) {
    request.gateState(null);
    var group = topology.group(request.eligibilityClass());
    if (group == null) {
      return;
    }
    var held = new Held(group, request.dispatchedAtNanos(), kvTokens(request));
    request.gateState(held);
    group.counts.unbound.addLast(held);
    shareWithAll(held, 1);
  }

  @Override
  public void bound(RunningRequest request, String previousEndpointId) {
    if (!(request.gateState() instanceof Held held)) {
      return;
    }
    leave(held);
    var endpoint = topology.endpoint(request.endpointId());
    held.endpoint = endpoint;
    if (held.isUnseenBy(endpoint.state)) {
      endpoint.load.unseen.addLast(held);
      count(held, endpoint, 1);
    }
  }

  @Override
  public void returned(RunningRequest request) {
    if (request.gateState() instanceof Held held) {
      leave(held);
      request.gateState(null);
    }
  }

  private void leave(Held held) {
    var endpoint = held.endpoint;
    if (endpoint == null) {
      leaveClass(held);
    } else if (endpoint.load.unseen.remove(held)) {
      count(held, endpoint, -1);
      topology.forgetIfGone(endpoint, endpoint.load.unseenRequests == 0);
    }
  }

  private void leaveClass(Held held) {
    if (held.group.counts.unbound.remove(held)) {
      shareWithAll(held, -1);
    }
  }

  private void dropSeen(Endpoint<Load, Counts> endpoint) {
    var unseen = endpoint.load.unseen;
    var held = unseen.first();
    while (held != null) {
      var following = unseen.after(held);
      if (!held.isUnseenBy(endpoint.state)) {
        unseen.remove(held);
        count(held, endpoint, -1);
      }
      held = following;
    }
  }

  private static void count(Held held, Endpoint<Load, Counts> endpoint, int sign) {
    endpoint.load.unseenRequests += sign;
    endpoint.load.unseenTokens += sign * held.kvTokens;
    for (var group : endpoint.groups) {
      group.counts.isStale = true;
    }
  }

  private static void shareWithAll(Held held, int sign) {
    for (var endpoint : held.group.endpoints) {
      if (held.isUnseenBy(endpoint.state)) {
        share(held, endpoint, sign);
      }
    }
    for (var other : held.group.overlapping) {
      other.counts.isStale = true;
    }
  }

  private static void share(Held held, Endpoint<Load, Counts> endpoint, int sign) {
    long endpoints = held.group.endpoints.size();
    endpoint.load.unboundShare += sign * dividedRoundedUp(PARTS, endpoints);
    endpoint.load.unboundTokenShare +=
        sign * dividedRoundedUp(held.kvTokens * PARTS_OF_TOKEN, endpoints);
  }

  /** Of numbers that are not negative. */
  private static long dividedRoundedUp(long total, long parts) {
    return (total + parts - 1) / parts;
  }

  private void measure(Group<Load, Counts> group, long nowNanos) {
    var sum = 0.0;
    var validNanos = FOREVER;
    for (var endpoint : group.endpoints) {
      var state = endpoint.state;
      var leftNanos = state == null ? -1 : leftNanos(state, nowNanos);
      if (state != null && state.sampledAtNanos() == EndpointState.NEVER_SAMPLED) {
        var patienceNanos = WITHOUT_METRICS_NANOS - (nowNanos - endpoint.load.seenNanos);
        sum += patienceNanos > 0 ? 1.0 : score(state, endpoint.load);
        validNanos = patienceNanos > 0 ? Math.min(validNanos, patienceNanos) : validNanos;
      } else if (state == null || leftNanos < 0) {
        sum += 1.0;
      } else {
        sum += score(state, endpoint.load);
        validNanos = Math.min(validNanos, leftNanos);
      }
    }
    var counts = group.counts;
    counts.saturation = sum / group.endpoints.size();
    counts.validUntilNanos = nowNanos + validNanos;
    counts.isStale = false;
  }

  /** For how long a sample will still be fresh; negative if it is stale. */
  private long leftNanos(EndpointState state, long nowNanos) {
    return state.sampledAtNanos() == EndpointState.NEVER_SAMPLED
        ? -1
        : stalenessNanos - (nowNanos - state.sampledAtNanos());
  }

  private double score(EndpointState state, Load load) {
    var waiting =
        state.waitingRequests() + load.unseenRequests + load.unboundShare / (double) PARTS;
    var kv = state.kvUtilization();
    if (state.kvCapacityTokens() > 0) {
      var tokens = load.unseenTokens + load.unboundTokenShare / (double) PARTS_OF_TOKEN;
      kv += tokens / state.kvCapacityTokens();
    }
    return Math.max(waiting / queueDepthThreshold, kv / kvThreshold);
  }

  private static long kvTokens(RunningRequest request) {
    return Math.min(MOST_TOKENS, request.request().inputTokens())
        + Math.min(MOST_TOKENS, request.predictedOutputTokens()) / 2;
  }
}
