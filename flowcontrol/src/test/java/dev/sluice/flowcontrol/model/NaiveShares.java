package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Shares of the queue: may a newcomer's tenant queue one more, and which request of its own band
 * gives way if there is no place?
 */
final class NaiveShares {
  private static final double TOLERANCE = 1 + 1e-9;

  private final NaiveState state;
  private final NaiveLimits limits;
  private final NaiveDisplacement displacement;

  /** The backlogged tenants; first the one that has been backlogged for longest. */
  private final List<FlowKey> tenants = new ArrayList<>();

  /** The backlogged flows, in the same order. */
  private final List<FlowKey> flows = new ArrayList<>();

  /** A tenant in a band, or a flow, and what it has queued. */
  private record Holder(FlowKey key, double weight, List<NaiveRequest> queued) {
    double requestsLeft() {
      return (queued.size() - 1) / weight;
    }

    /** If a request of average size gives way. */
    double bytesLeft() {
      return NaiveState.bytes(queued) * (queued.size() - 1.0) / queued.size() / weight;
    }
  }

  NaiveShares(NaiveState state, NaiveLimits limits, NaiveDisplacement displacement) {
    this.state = state;
    this.limits = limits;
    this.displacement = displacement;
  }

  void backlogsChanged() {
    follow(tenants, NaiveRequest::tenantInBand);
    follow(flows, r -> r.flow);
  }

  private void follow(List<FlowKey> order, Function<NaiveRequest, FlowKey> ownerOf) {
    var backlogged = new LinkedHashSet<FlowKey>();
    state.queued.forEach(r -> backlogged.add(ownerOf.apply(r)));
    order.retainAll(backlogged);
    backlogged.removeAll(order);
    order.addAll(backlogged);
  }

  private boolean areProtected() {
    return state.knobs.admission() == Knobs.Admission.DYNAMIC_THRESHOLD
        && state.knobs.admissionMaxBytes() == 0;
  }

  /** True if the newcomer's tenant may queue one more, whether there is a place or not. */
  boolean admits(NaiveRequest newcomer) {
    if (!areProtected()) {
      return !limits.isTooLarge(newcomer);
    }
    var band = state.queued(r -> r.priority() == newcomer.priority());
    var competing = new LinkedHashSet<String>();
    band.forEach(r -> competing.add(r.tenant));
    competing.add(newcomer.tenant);
    if (competing.size() == 1) {
      return true;
    }
    var own = tenant(newcomer.tenantInBand());
    var byRequests = fullest(tenantsOf(band), Holder::requestsLeft);
    var byBytes = fullest(tenantsOf(band), Holder::bytesLeft);
    return (band.size() < (double) competing.size() * limits.freeRequests(newcomer)
            || keepsPlaces(byRequests, own))
        && (NaiveState.bytes(band) < (double) competing.size() * limits.freeBytes(newcomer)
            || byBytes != null
                && (NaiveState.bytes(own.queued) + newcomer.sizeBytes()) / own.weight
                    <= byBytes.bytesLeft() * TOLERANCE);
  }

  /**
   * The request of the newcomer's band that gives way, or null.
   *
   * @param admitted as {@link #admits} said
   */
  @Nullable NaiveRequest victim(NaiveRequest newcomer, boolean admitted) {
    if (!areProtected() || !state.knobs.displacement()) {
      return null;
    }
    var needsPlace = !admitted || limits.isShortOfRequests(newcomer);
    var needsBytes = !admitted || limits.isShortOfBytes(newcomer);
    var measures = new ArrayList<ToDoubleFunction<Holder>>();
    if (needsPlace) {
      measures.add(Holder::requestsLeft);
    }
    if (needsBytes) {
      measures.add(Holder::bytesLeft);
    }
    var band = state.queued(r -> r.priority() == newcomer.priority());
    var tenant = tenant(newcomer.tenantInBand());
    var flow = flow(newcomer);
    for (var ofOwnTenant : List.of(false, true)) {
      for (var measure : measures) {
        var gives = fullest(ofOwnTenant ? flowsOf(tenant.queued) : tenantsOf(band), measure);
        var takes = ofOwnTenant ? flow : tenant;
        if (gives == null || gives.key.equals(takes.key) || !ofOwnTenant && !admitted) {
          continue;
        }
        var from = fullest(flowsOf(gives.queued), measure);
        var victim = displacement.lastOf(from == null ? List.of() : from.queued);
        if ((!needsPlace || keepsPlaces(gives, takes))
            && (!needsBytes || keepsBytes(gives, victim.sizeBytes(), takes, newcomer))
            && limits.fitsInPlaceOf(victim, newcomer)) {
          return victim;
        }
      }
    }
    return null;
  }

  private static boolean keepsPlaces(@Nullable Holder gives, Holder takes) {
    return gives != null
        && (takes.queued.size() + 1) / takes.weight
            <= (gives.queued.size() - 1) / gives.weight * TOLERANCE;
  }

  private static boolean keepsBytes(Holder gives, long given, Holder takes, NaiveRequest newcomer) {
    return (NaiveState.bytes(takes.queued) + newcomer.sizeBytes()) / takes.weight
        <= (NaiveState.bytes(gives.queued) - given) / gives.weight * TOLERANCE;
  }

  // Who holds what

  private static @Nullable Holder fullest(List<Holder> holders, ToDoubleFunction<Holder> measure) {
    Holder fullest = null;
    for (var holder : holders) {
      if (fullest == null || measure.applyAsDouble(holder) > measure.applyAsDouble(fullest)) {
        fullest = holder;
      }
    }
    return fullest;
  }

  private List<Holder> tenantsOf(List<NaiveRequest> requests) {
    return tenants.stream()
        .filter(key -> requests.stream().anyMatch(r -> r.tenantInBand().equals(key)))
        .map(this::tenant)
        .toList();
  }

  private List<Holder> flowsOf(List<NaiveRequest> requests) {
    return flows.stream()
        .flatMap(key -> requests.stream().filter(r -> r.flow.equals(key)).limit(1))
        .map(this::flow)
        .toList();
  }

  private Holder tenant(FlowKey key) {
    return new Holder(
        key,
        state.knobs.tenant(key.id()).weight(),
        state.queued(r -> r.tenantInBand().equals(key)));
  }

  private Holder flow(NaiveRequest request) {
    return new Holder(
        request.flow,
        state.knobs.tenant(request.tenant).flowWeight(request.flow.id()),
        state.queued(r -> r.flow.equals(request.flow)));
  }
}
