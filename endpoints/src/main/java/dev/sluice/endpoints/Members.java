package dev.sluice.endpoints;

import dev.sluice.endpoints.health.EjectionOptions;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.endpoints.scheduling.SchedulingRequest;
import dev.sluice.flowcontrol.contracts.EndpointState;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The endpoints of a pool, and everything that is asked of all of them together. Not thread-safe:
 * the pool's lock guards it.
 */
final class Members {
  private static final Logger LOG = LoggerFactory.getLogger(Members.class);

  private final EndpointPicker picker;
  private final DoubleSupplier random;

  /** By id, in the configuration's order. */
  private final Map<String, Member> byId = new LinkedHashMap<>();

  /** Scratch space of {@link #choose}. */
  private final ArrayList<Member> candidates = new ArrayList<>();

  private final Outages outages = new Outages();

  /** Whether an endpoint's health or models may have changed since {@link #outageEdges}. */
  private boolean serviceChanged;

  private HealthThresholds thresholds;
  private EjectionOptions ejection = EjectionOptions.DEFAULT;

  Members(HealthThresholds thresholds, EndpointPicker picker, DoubleSupplier random) {
    this.thresholds = thresholds;
    this.picker = picker;
    this.random = random;
  }

  Collection<Member> all() {
    return byId.values();
  }

  @Nullable Member get(String id) {
    return byId.get(id);
  }

  // The configuration

  /**
   * Replaces the endpoints. One that keeps its id and URL keeps its record.
   *
   * @throws IllegalArgumentException if an id is listed twice; nothing is changed then
   */
  void configure(List<EndpointConfig> endpoints) {
    var ids = new HashSet<String>();
    for (var endpoint : endpoints) {
      if (!ids.add(endpoint.id())) {
        throw new IllegalArgumentException("endpoint id " + endpoint.id() + " is listed twice");
      }
    }
    var before = Map.copyOf(byId);
    byId.clear();
    for (var endpoint : endpoints) {
      var member = before.get(endpoint.id());
      if (member == null || !member.config().url().equals(endpoint.url())) {
        member = new Member(endpoint, thresholds, ejection, random);
      } else {
        member.configure(endpoint);
      }
      byId.put(endpoint.id(), member);
    }
    for (var member : before.values()) {
      if (byId.get(member.id()) != member) {
        lost(member.id());
      }
    }
    compareLists();
    serviceChanged();
  }

  void configure(HealthThresholds next) {
    thresholds = next;
    for (var member : all()) {
      member.configure(next);
    }
  }

  void configure(EjectionOptions next) {
    ejection = next;
    for (var member : all()) {
      member.configure(next);
    }
  }

  // Reports that concern the others, too

  /** Tells each endpoint whether any endpoint lists its models. Returns true. */
  boolean compareLists() {
    var isAnyListed = false;
    for (var member : all()) {
      isAnyListed |= !member.modelNames().isEmpty();
    }
    for (var member : all()) {
      member.othersList(isAnyListed);
    }
    return true;
  }

  /** Notes that an endpoint's health or models may have changed. Returns true. */
  boolean serviceChanged() {
    serviceChanged = true;
    return true;
  }

  /** The models whose outage has begun or ended since the last call. */
  Outages.Edges outageEdges() {
    var due = serviceChanged;
    serviceChanged = false;
    return due ? outages.look(all()) : Outages.Edges.NONE;
  }

  /** Puts those endpoints in again that are missed since a health has changed. Returns true. */
  boolean reinstateMissed(long nowNanos) {
    Ejections.reinstateMissed(nowNanos, all());
    return true;
  }

  /** An endpoint's health got worse: others may be missed now, and its caches may be lost. */
  boolean unhealthy(String id, long nowNanos) {
    lost(id);
    return reinstateMissed(nowNanos);
  }

  /** A request failed on an endpoint. Returns whether that took the endpoint out. */
  boolean failed(Member member, long nowNanos, boolean isCertain) {
    return Ejections.failed(member, nowNanos, isCertain, all(), ejection) && member.ejected();
  }

  /** Lets back-offs end. Returns whether one did. */
  boolean timePasses(long nowNanos) {
    var changed = false;
    for (var member : all()) {
      changed |= member.timePasses(nowNanos);
    }
    return changed && serviceChanged();
  }

  // The choice

  /**
   * Chooses an endpoint, and counts the request there.
   *
   * @return the endpoint, or an {@link EndpointChoice} that says why there is none
   */
  Object choose(SchedulingRequest request, Set<String> tried, long nowNanos) {
    var needs = request.needs();
    var isModelServed = false;
    var isAnyHealthy = false;
    candidates.clear();
    for (var member : all()) {
      var state = member.state();
      isModelServed |= member.mayHave(needs.model());
      if (state.serves(needs) && !tried.contains(state.id())) {
        isAnyHealthy = true;
        if (member.hasRoom()) {
          member.lookedAt(nowNanos);
          candidates.add(member);
        }
      }
    }
    if (!candidates.isEmpty()) {
      return pick(request);
    }
    if (!isModelServed && !byId.isEmpty()) {
      return new EndpointChoice.UnknownModel(needs.model());
    }
    return isAnyHealthy ? new EndpointChoice.NoRoom() : new EndpointChoice.NoEndpoints();
  }

  /** Asks the picker. A picker's fault fails the one request that the picker was asked for. */
  private Object pick(SchedulingRequest request) {
    int index;
    try {
      index = picker.pick(request, candidates);
    } catch (RuntimeException e) {
      LOG.warn("Picker {} failed", picker.getClass().getName(), e);
      return new EndpointChoice.PickerFailed(picker.getClass().getName() + " threw " + e);
    }
    if (index == EndpointPicker.NONE) {
      return new EndpointChoice.Filtered();
    }
    if (index < 0 || index >= candidates.size()) {
      var detail = picker.getClass().getName() + " chose " + index + " of " + candidates.size();
      LOG.warn("Picker {}", detail);
      return new EndpointChoice.PickerFailed(detail);
    }
    var chosen = candidates.get(index);
    chosen.leased(request.inputTokens());
    hook(() -> picker.chosen(request, chosen));
    return chosen;
  }

  /** The prompt tokens that the best endpoint is expected to have in its prefix cache. */
  long cachedTokens(SchedulingRequest request) {
    try {
      return picker.cachedTokens(request);
    } catch (RuntimeException e) {
      LOG.warn("Picker {} failed", picker.getClass().getName(), e);
      return 0;
    }
  }

  /** Tells the picker of an endpoint that left, or whose caches are most likely lost. */
  void lost(String id) {
    hook(() -> picker.endpointLost(id));
  }

  /** Tells the picker something. A fault of the picker costs nobody anything. */
  private void hook(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException e) {
      LOG.warn("Picker {} failed", picker.getClass().getName(), e);
    }
  }

  // Questions

  List<EndpointState> states() {
    var states = new ArrayList<EndpointState>(byId.size());
    for (var member : all()) {
      states.add(member.state());
    }
    return states;
  }

  boolean mayHave(String model) {
    for (var member : all()) {
      if (member.mayHave(model)) {
        return true;
      }
    }
    return byId.isEmpty();
  }

  /**
   * The models of all endpoints, each name once, sorted by name. If endpoints describe a model
   * differently, the first endpoint that gets requests is believed, or the first of all.
   */
  List<ServedModel> models() {
    var byName = new TreeMap<String, ServedModel>();
    for (var member : all()) {
      if (member.state().healthy()) {
        member.models().forEach(model -> byName.putIfAbsent(model.id(), model));
      }
    }
    for (var member : all()) {
      member.models().forEach(model -> byName.putIfAbsent(model.id(), model));
    }
    return List.copyOf(byName.values());
  }

  /** The endpoints that get requests for a model. */
  int inServiceFor(String model) {
    var count = 0;
    for (var member : all()) {
      count += member.state().healthy() && member.state().servesModel(model) ? 1 : 0;
    }
    return count;
  }

  /** For how long an endpoint has failed its health checks; -1 if it does not. */
  long unhealthyNanos(String id, long nowNanos) {
    var member = byId.get(id);
    return member == null ? -1 : member.unhealthyNanos(nowNanos);
  }
}
