package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.model.Knobs.Displacement;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** Names the request that gives way: of the lowest band, by tenant, then by flow, then by order. */
final class NaiveDisplacement {
  private final NaiveState state;
  private final NaiveQueues queues;

  /** The backlogged tenants of each band; the first gives way next. */
  private final Map<Integer, List<FlowKey>> tenantsOfBand = new HashMap<>();

  /** The backlogged flows of each tenant in a band; the first gives way next. */
  private final Map<FlowKey, List<FlowKey>> flowsOfTenant = new HashMap<>();

  NaiveDisplacement(NaiveState state, NaiveQueues queues) {
    this.state = state;
    this.queues = queues;
  }

  NaiveRequest victim() {
    var lowest = state.queued.stream().mapToInt(NaiveRequest::priority).min().orElseThrow();
    var ofBand = state.queued(r -> r.priority() == lowest);
    var tenant =
        victim(
            tenantsOfBand.getOrDefault(lowest, List.of()),
            ofBand,
            NaiveRequest::tenantInBand,
            r -> r.estimatedCost / state.knobs.tenant(r.tenant).weight());
    var ofTenant = ofBand.stream().filter(r -> r.tenantInBand().equals(tenant)).toList();
    var flow =
        victim(
            flowsOfTenant.getOrDefault(tenant, List.of()),
            ofTenant,
            r -> r.flow,
            r -> r.estimatedCost / state.knobs.tenant(r.tenant).flowWeight(r.flow.id()));
    return lastOf(ofTenant.stream().filter(r -> r.flow.equals(flow)).toList());
  }

  /** The request of a flow that gives way. */
  NaiveRequest lastOf(List<NaiveRequest> ofFlow) {
    return switch (state.knobs.requestDisplacement()) {
      case TAIL -> ofFlow.stream().max(NaiveRequest.ORDER).orElseThrow();
      case HEAD ->
          ofFlow.stream()
              .filter(r -> queues.head(r.queue()) == r)
              .max(NaiveRequest.ORDER) // of the flow's queues, the one that is served last
              .orElseThrow();
    };
  }

  private FlowKey victim(
      List<FlowKey> turns,
      List<NaiveRequest> queued,
      Function<NaiveRequest, FlowKey> ownerOf,
      ToDoubleFunction<NaiveRequest> weightedCost) {
    if (state.knobs.flowDisplacement() == Displacement.ROUND_ROBIN) {
      var first = turns.remove(0);
      turns.add(first);
      return first;
    }
    var largest = turns.get(0);
    var largestBacklog = 0.0;
    for (var owner : turns) {
      var backlog = 0.0;
      for (var request : queued) {
        if (ownerOf.apply(request).equals(owner)) {
          backlog += weightedCost.applyAsDouble(request);
        }
      }
      if (backlog > largestBacklog) {
        largest = owner;
        largestBacklog = backlog;
      }
    }
    return largest;
  }

  /** Gives the last turn to each tenant and flow that became backlogged, and none to idle ones. */
  void backlogsChanged() {
    var tenants = new HashSet<FlowKey>();
    var flows = new HashSet<FlowKey>();
    for (var request : state.queued) {
      var tenant = request.tenantInBand();
      if (tenants.add(tenant)) {
        addLast(tenantsOfBand.computeIfAbsent(tenant.priority(), key -> new ArrayList<>()), tenant);
      }
      if (flows.add(request.flow)) {
        addLast(flowsOfTenant.computeIfAbsent(tenant, key -> new ArrayList<>()), request.flow);
      }
    }
    tenantsOfBand.values().forEach(turns -> turns.retainAll(tenants));
    flowsOfTenant.values().forEach(turns -> turns.retainAll(flows));
  }

  private static void addLast(List<FlowKey> turns, FlowKey owner) {
    if (!turns.contains(owner)) {
      turns.add(owner);
    }
  }

  /** A new policy meets the backlogs in the order of the queued requests. */
  void policyChanged() {
    tenantsOfBand.clear();
    flowsOfTenant.clear();
    backlogsChanged();
  }
}
