package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The order inside a band: a fairness policy decides between its tenants, and for each tenant one
 * decides between the tenant's flows.
 */
final class NaiveDispatchOrder {
  private final NaiveState state;
  private final NaiveRoom room;
  private final NaiveQueues queues;
  private final Map<Integer, NaiveFairness> betweenTenants = new HashMap<>();
  private final Map<FlowKey, NaiveFairness> betweenFlows = new HashMap<>();

  /** How often a flow was served while no other of its band had requests queued. */
  private final Map<FlowKey, Integer> timesAlone = new HashMap<>();

  /** Tenants with a flow that is not forgotten. */
  private final Set<FlowKey> tenants = new LinkedHashSet<>();

  /** Queues of those tenants, in the order in which each had its first request. */
  private final List<QueueKey> tenantQueues = new ArrayList<>();

  NaiveDispatchOrder(NaiveState state, NaiveRoom room, NaiveQueues queues) {
    this.state = state;
    this.room = room;
    this.queues = queues;
  }

  /** The policy between the tenants of a band. */
  NaiveFairness betweenTenants(int priority) {
    return betweenTenants.computeIfAbsent(
        priority, p -> new NaiveFairness(state.knobs.band(p).fairness()));
  }

  /** The policy between the flows of a tenant in a band. */
  NaiveFairness betweenFlows(FlowKey tenant) {
    return betweenFlows.computeIfAbsent(
        tenant, t -> new NaiveFairness(state.knobs.band(t.priority()).fairness()));
  }

  /** The queue of a band that goes next among those with room; null if none has. */
  @Nullable QueueKey next(int priority, boolean reservedTurn) {
    var band = betweenTenants(priority);
    var candidates = new ArrayList<QueueKey>();
    for (var model : band.models()) {
      if (room.isOpen(priority, model, reservedTurn)) {
        band.next(Set.of(model), this::headOfTenant).ifPresent(candidates::add);
      }
    }
    var first = band.next(candidates, this::headOfTenant);
    if (first.isEmpty()) {
      return null;
    }
    var tenant = first.get().owner();
    var models = new TreeSet<String>();
    candidates.stream().filter(q -> q.owner().equals(tenant)).forEach(q -> models.add(q.model()));
    betweenFlows(tenant).reopen(models::contains);
    return nextFlow(tenant, models);
  }

  /** The request that a tenant's own policy names in one class. */
  private NaiveRequest headOfTenant(QueueKey tenantQueue) {
    return queues.head(nextFlow(tenantQueue.owner(), Set.of(tenantQueue.model())));
  }

  private QueueKey nextFlow(FlowKey tenant, Set<String> models) {
    return betweenFlows(tenant).next(models, queues::head).orElseThrow();
  }

  /** Lifts a band's tenants in classes that have room again. */
  void reopen(int priority, boolean reservedTurn) {
    betweenTenants(priority).reopen(model -> room.isOpen(priority, model, reservedTurn));
  }

  /** Notes the other classes that have no room while this request is dispatched. */
  void skip(NaiveRequest dispatched) {
    for (var policy : policies(dispatched)) {
      policy.skip(model ->
          !model.equals(dispatched.model()) && !room.isOpen(dispatched.priority(), model, false));
    }
  }

  private List<NaiveFairness> policies(NaiveRequest request) {
    return List.of(betweenTenants(request.priority()), betweenFlows(request.tenantInBand()));
  }

  /** A period ends when no queue of the band is active, or the flow is served alone. */
  private List<Object> period(NaiveRequest request) {
    return List.of(
        betweenTenants(request.priority()).period(), timesAlone.getOrDefault(request.flow, 0));
  }

  /** A request is about to be dispatched from the queue that it waited in. */
  void serving(NaiveRequest request) {
    if (state.queued(r -> r.priority() == request.priority()).stream()
        .allMatch(r -> r.flow.equals(request.flow))) {
      timesAlone.merge(request.flow, 1, Integer::sum);
    }
  }

  void dispatched(NaiveRequest request, long cost) {
    request.chargedIn = period(request);
    betweenTenants(request.priority())
        .dispatched(request.tenantQueue(), byTenantWeight(request, cost));
    betweenFlows(request.tenantInBand()).dispatched(request.queue(), byFlowWeight(request, cost));
  }

  /** A charge from before a moment without active queues is let off, and so is the error in it. */
  void corrected(NaiveRequest request, long costDelta) {
    if (!period(request).equals(request.chargedIn)) {
      return;
    }
    betweenTenants(request.priority())
        .charge(request.tenantInBand(), byTenantWeight(request, costDelta));
    betweenFlows(request.tenantInBand()).charge(request.flow, byFlowWeight(request, costDelta));
  }

  private double byTenantWeight(NaiveRequest request, long cost) {
    return cost / state.knobs.tenant(request.tenant).weight();
  }

  private double byFlowWeight(NaiveRequest request, long cost) {
    return cost / state.knobs.tenant(request.tenant).flowWeight(request.flow.id());
  }

  /**
   * Tells the policies which queues have requests that may be dispatched. Tenants that reach or
   * leave their running limit at the same moment join in the order of their first requests.
   */
  void update() {
    var tenantIds = state.queued.stream().map(r -> r.tenant).distinct().toList();
    update(
        Comparator.<QueueKey>comparingInt(queue -> tenantIds.indexOf(queue.owner().id()))
            .thenComparingInt(tenantQueues::indexOf));
  }

  /** Drops the policies that a reconfiguration replaces; new ones join in the order of requests. */
  void policiesChanged(Knobs changed) {
    betweenTenants.entrySet().removeIf(e -> isReplaced(e.getValue(), e.getKey(), changed));
    betweenFlows.entrySet().removeIf(e -> isReplaced(e.getValue(), e.getKey().priority(), changed));
    update((ignored, unused) -> 0);
  }

  private static boolean isReplaced(NaiveFairness policy, int priority, Knobs changed) {
    return policy.policy != changed.band(priority).fairness();
  }

  private void update(Comparator<QueueKey> orderOfTenantQueues) {
    for (var tenant : tenants) {
      betweenFlows(tenant)
          .activate(
              state.queued(r -> r.tenantInBand().equals(tenant)).stream()
                  .map(NaiveRequest::queue)
                  .distinct()
                  .toList());
    }
    for (var band : state.bands) {
      betweenTenants(band)
          .activate(
              state.queued(r -> r.priority() == band && room.mayRun(r.tenant)).stream()
                  .map(NaiveRequest::tenantQueue)
                  .distinct()
                  .sorted(orderOfTenantQueues)
                  .toList());
    }
  }

  // Remembering and forgetting

  void add(NaiveRequest request) {
    tenants.add(request.tenantInBand());
    if (!tenantQueues.contains(request.tenantQueue())) {
      tenantQueues.add(request.tenantQueue());
    }
  }

  /** True if the flow, or with it its tenant, had more than its share. */
  boolean owes(FlowKey flow, FlowKey tenant, boolean isLastOfTenant) {
    return betweenFlows(tenant).owes(flow)
        || isLastOfTenant && betweenTenants(tenant.priority()).owes(tenant);
  }

  /** Forgets a flow and those of its tenant's queues whose class no other flow of it has used. */
  void forgetFlow(FlowKey flow, FlowKey tenant, Set<String> modelsOfOtherFlows) {
    betweenFlows(tenant).forget(flow);
    tenantQueues.removeIf(
        queue -> queue.owner().equals(tenant) && !modelsOfOtherFlows.contains(queue.model()));
  }

  /** Forgets a tenant's queue that none of its flows has any more. */
  void forgetQueue(FlowKey tenant, String model) {
    tenantQueues.removeIf(queue -> queue.owner().equals(tenant) && queue.model().equals(model));
  }

  void forgetTenant(FlowKey tenant) {
    tenants.remove(tenant);
    betweenFlows.remove(tenant);
    betweenTenants(tenant.priority()).forget(tenant);
  }

  void forgetBand(int priority) {
    betweenTenants.remove(priority);
  }
}
