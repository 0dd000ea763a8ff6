package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.plugins.detectors.Topology.Endpoint;
import dev.sluice.flowcontrol.plugins.detectors.Topology.Group;

/*
 * Work is in one of two places: on an endpoint (bound) or in its class (not bound yet). A class's sums
 * are kept at every step, in whole numbers, so that saturation is one division and never drifts.
 *   I1  class.boundRequests == sum of bound requests over its endpoints; likewise for tokens
 *   I2  class.score == sum over its endpoints of the endpoint's score
 */
final class ConcurrencyGate implements CapacityGate {
  /** One full endpoint, as a score. */
  private static final double FULL = 0x1p32;

  private static final long MOST_TOKENS = 1L << 40;

  private static final class Load {
    long requests;
    long tokens;
    long score;
  }

  private static final class Counts {
    long boundRequests;
    long boundTokens;
    long score;
  }

  private final ConcurrencyMode mode;
  private final long maxRequests;
  private final long maxTokens;
  private final boolean countsOutput;
  private final Topology<Load, Counts> topology = new Topology<>(Load::new, Counts::new);

  ConcurrencyGate(Concurrency.Parameters parameters) {
    mode = parameters.concurrencyMode();
    maxRequests = parameters.maxConcurrency();
    maxTokens = parameters.maxTokenConcurrency();
    countsOutput = parameters.addEstimatedOutputTokens();
  }

  @Override
  public void poolChanged(PoolSnapshot snapshot, long nowNanos) {
    if (!topology.update(snapshot, load -> load.requests == 0)) {
      return;
    }
    for (var group : topology.groups()) {
      sum(group);
    }
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
  public double saturation(EligibilityClass needs, long nowNanos) {
    var group = topology.group(needs);
    if (group == null || group.endpoints.isEmpty()) {
      return 1.0;
    }
    var counts = group.counts;
    double endpoints = group.endpoints.size();
    return switch (mode) {
      case REQUESTS -> (counts.boundRequests + group.unboundRequests) / (endpoints * maxRequests);
      case TOKENS -> (counts.boundTokens + group.unboundTokens) / (endpoints * maxTokens);
      case HYBRID ->
          (counts.score + score(group.unboundRequests, group.unboundTokens)) / (endpoints * FULL);
    };
  }

  @Override
  public void granted(RunningRequest request) {
    request.gateState(null);
    var group = topology.group(request.eligibilityClass());
    if (group != null) {
      topology.countUnbound(group, 1, tokens(request));
    }
  }

  @Override
  public void bound(RunningRequest request, String previousEndpointId) {
    leave(request);
    var endpoint = topology.endpoint(request.endpointId());
    request.gateState(endpoint);
    countBound(endpoint, 1, tokens(request));
  }

  @Override
  public void returned(RunningRequest request) {
    leave(request);
    request.gateState(null);
  }

  private void leave(RunningRequest request) {
    var tokens = tokens(request);
    if (request.gateState() instanceof Endpoint<?, ?> bound) {
      var endpoint = topology.endpoint(bound.id);
      countBound(endpoint, -1, -tokens);
      topology.forgetIfGone(endpoint, endpoint.load.requests == 0);
      return;
    }
    var group = topology.group(request.eligibilityClass());
    if (group != null) {
      topology.countUnbound(group, -1, -tokens);
    }
  }

  private void countBound(Endpoint<Load, Counts> endpoint, long requests, long tokens) {
    var load = endpoint.load;
    load.requests += requests;
    load.tokens += tokens;
    var score = score(load.requests, load.tokens);
    var change = score - load.score;
    load.score = score;
    for (var group : endpoint.groups) {
      group.counts.boundRequests += requests;
      group.counts.boundTokens += tokens;
      group.counts.score += change;
    }
  }

  private static void sum(Group<Load, Counts> group) {
    var counts = group.counts;
    counts.boundRequests = 0;
    counts.boundTokens = 0;
    counts.score = 0;
    for (var endpoint : group.endpoints) {
      counts.boundRequests += endpoint.load.requests;
      counts.boundTokens += endpoint.load.tokens;
      counts.score += endpoint.load.score;
    }
  }

  /** Rounded down, so that it reaches FULL exactly when a limit is reached. */
  private long score(long requests, long tokens) {
    return (long) (Math.max(requests / (double) maxRequests, tokens / (double) maxTokens) * FULL);
  }

  private long tokens(RunningRequest request) {
    var tokens = Math.min(MOST_TOKENS, request.request().inputTokens());
    return countsOutput ? tokens + Math.min(MOST_TOKENS, request.predictedOutputTokens()) : tokens;
  }
}
