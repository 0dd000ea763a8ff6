package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The flows and bands that exist. Idle ones are forgotten after a time. */
final class NaiveRegistry {
  private static final int MOST_BANDS = 64;

  /**
   * A flow with more queues than this keeps no idle one, nor does a tenant with more than these.
   */
  private static final int KEPT_OF_FLOW = 8;

  private static final int KEPT_OF_TENANT = 64;

  private final NaiveState state;
  private final NaiveDispatchOrder order;
  private final NaiveBandPolicy bandPolicy;
  private final Map<FlowKey, Flow> flows = new LinkedHashMap<>();

  /** Flows without queued and running requests, in the order in which they are examined. */
  private final List<FlowKey> idleFlows = new ArrayList<>();

  /** The request that is being offered: its queue is in use. */
  private @Nullable NaiveRequest pinned;

  private final Map<Integer, Long> bandsWithoutFlowsSince = new HashMap<>();

  /** A flow that is not forgotten. */
  private static final class Flow {
    private final FlowKey tenant;
    private final Set<String> models = new TreeSet<>();

    /** Those of them of which a request was ever queued or running, and those of which one is. */
    private final Set<String> used = new HashSet<>();

    private Set<String> busy = Set.of();
    private long idleSince;
    private long examinedAt;

    private Flow(FlowKey tenant) {
      this.tenant = tenant;
    }
  }

  NaiveRegistry(NaiveState state, NaiveDispatchOrder order, NaiveBandPolicy bandPolicy) {
    this.state = state;
    this.order = order;
    this.bandPolicy = bandPolicy;
  }

  Set<FlowKey> flows() {
    return flows.keySet();
  }

  // Bands

  /** Adds the band if it does not exist, and returns false if there are too many. */
  boolean ensureBand(int priority) {
    if (!state.bands.contains(priority) && isFull()) {
      forgetUnusedBands(0);
    }
    if (!state.bands.contains(priority) && isFull()) {
      return false;
    }
    addBand(priority);
    return true;
  }

  void addConfiguredBands(Knobs changed) {
    if (state.bands.size() + changed.bands().size() > MOST_BANDS) {
      forgetUnusedBands(0);
    }
    for (var configured : changed.bands().keySet()) {
      if (!isFull()) {
        addBand(configured);
      }
    }
  }

  private boolean isFull() {
    return state.bands.size() >= MOST_BANDS;
  }

  private void addBand(int priority) {
    if (state.bands.add(priority)) {
      bandsWithoutFlowsSince.put(priority, state.now);
    }
  }

  private void forgetUnusedBands(long unusedForNanos) {
    for (var band : List.copyOf(state.bands)) {
      if (isUnused(band) && state.now - withoutFlowsSince(band) >= unusedForNanos) {
        state.bands.remove(band);
        bandsWithoutFlowsSince.remove(band);
        order.forgetBand(band);
      }
    }
    bandPolicy.update();
  }

  /** True for a band that is not configured, but made from a template, and has no flows. */
  private boolean isUnused(int band) {
    return !state.knobs.bands().containsKey(band) && isWithoutFlows(band);
  }

  private boolean isWithoutFlows(int band) {
    return flows.keySet().stream().noneMatch(flow -> flow.priority() == band);
  }

  private long withoutFlowsSince(int band) {
    return Objects.requireNonNull(bandsWithoutFlowsSince.get(band));
  }

  // Flows

  void add(NaiveRequest request) {
    var flow = flows.get(request.flow);
    if (flow == null) {
      flow = new Flow(request.tenantInBand());
      flows.put(request.flow, flow);
      becomesIdle(request.flow, flow);
    }
    flow.models.add(request.model());
    order.add(request);
    pinned = request;
  }

  /** An offer is over: a queue that it made for nothing is dropped, or one that is too many. */
  void offered(NaiveRequest request) {
    pinned = null;
    var flow = flow(request.flow);
    if (!flow.busy.contains(request.model())
        && (!flow.used.contains(request.model()) || isCrowded(flow))) {
      drop(flow, request.model());
    }
  }

  private boolean isCrowded(Flow flow) {
    return flow.models.size() > KEPT_OF_FLOW
        || flows.values().stream()
                .filter(other -> other.tenant.id().equals(flow.tenant.id()))
                .flatMap(other -> other.models.stream().map(m -> other.tenant + " " + m))
                .distinct()
                .count()
            > KEPT_OF_TENANT;
  }

  private void drop(Flow flow, String model) {
    flow.models.remove(model);
    flow.used.remove(model);
    if (flowsOf(flow.tenant).stream().noneMatch(other -> other.models.contains(model))) {
      order.forgetQueue(flow.tenant, model);
    }
  }

  /** Updates the list of idle flows. */
  void update() {
    var busy = new HashSet<FlowKey>();
    state.queued.forEach(r -> busy.add(r.flow));
    state.running.forEach(r -> busy.add(r.flow));
    idleFlows.removeAll(busy);
    flows.forEach(this::updateModels);
    flows.forEach((key, flow) -> {
      if (!busy.contains(key) && !idleFlows.contains(key)) {
        becomesIdle(key, flow);
      }
    });
  }

  private void updateModels(FlowKey key, Flow flow) {
    var busy = new TreeSet<String>();
    state.queued.stream().filter(r -> r.flow.equals(key)).forEach(r -> busy.add(r.model()));
    state.running.stream().filter(r -> r.flow.equals(key)).forEach(r -> busy.add(r.model()));
    var before = flow.busy;
    flow.busy = busy;
    flow.used.addAll(busy);
    for (var model : before) {
      if (!busy.contains(model) && !isPinned(key, model) && isCrowded(flow)) {
        drop(flow, model);
      }
    }
  }

  private boolean isPinned(FlowKey flow, String model) {
    return pinned != null && pinned.flow.equals(flow) && pinned.model().equals(model);
  }

  private void becomesIdle(FlowKey key, Flow flow) {
    flow.idleSince = state.now;
    flow.examinedAt = state.now;
    idleFlows.add(key);
  }

  /**
   * Forgets idle flows and unused bands. An idle flow is examined after the idle timeout of flows.
   * If it owes service, or its tenant does and has no other flow, it is kept and examined again
   * after the same time, until it has been idle for the idle timeout of bands. Bands follow that
   * were made from a template and had no flow for that timeout.
   */
  void forgetIdle() {
    for (var key : List.copyOf(idleFlows)) {
      var flow = flow(key);
      if (state.now - flow.examinedAt < flowIdleTimeout()) {
        continue;
      }
      idleFlows.remove(key);
      var isLast = flowsOf(flow.tenant).size() == 1;
      var owes = order.owes(key, flow.tenant, isLast);
      if (owes && state.now - flow.idleSince < bandIdleTimeout()) {
        flow.examinedAt = state.now;
        idleFlows.add(key);
      } else {
        forget(key, flow);
      }
    }
    forgetUnusedBands(bandIdleTimeout());
  }

  private void forget(FlowKey key, Flow flow) {
    flows.remove(key);
    var others = flowsOf(flow.tenant);
    var modelsOfOthers = new TreeSet<String>();
    others.forEach(other -> modelsOfOthers.addAll(other.models));
    order.forgetFlow(key, flow.tenant, modelsOfOthers);
    if (others.isEmpty()) {
      order.forgetTenant(flow.tenant);
    }
    if (isWithoutFlows(key.priority())) {
      bandsWithoutFlowsSince.put(key.priority(), state.now);
    }
  }

  /** The next instant at which an idle flow is examined or an unused band is forgotten. */
  long nextEvent() {
    var next = NaiveState.NEVER;
    for (var key : idleFlows) {
      next = Math.min(next, flow(key).examinedAt + flowIdleTimeout());
    }
    for (var band : state.bands) {
      if (isUnused(band)) {
        next = Math.min(next, withoutFlowsSince(band) + bandIdleTimeout());
      }
    }
    return next;
  }

  private Flow flow(FlowKey key) {
    return Objects.requireNonNull(flows.get(key));
  }

  private List<Flow> flowsOf(FlowKey tenant) {
    return flows.values().stream().filter(flow -> flow.tenant.equals(tenant)).toList();
  }

  private long flowIdleTimeout() {
    return state.knobs.flowIdleTimeout() * Ticks.NANOS;
  }

  private long bandIdleTimeout() {
    return state.knobs.bandIdleTimeout() * Ticks.NANOS;
  }
}
