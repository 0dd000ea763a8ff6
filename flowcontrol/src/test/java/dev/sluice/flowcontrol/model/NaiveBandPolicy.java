package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.framework.BandPolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * The order of bands. The engine's own plugin decides, as a black box; this class makes the calls
 * that the specification promises to a band policy.
 */
final class NaiveBandPolicy {
  private final NaiveState state;
  private final NaiveRoom room;
  private final NaiveDispatchOrder order;
  private final Function<Knobs, BandPolicy> plugins;
  private BandPolicy plugin;
  private List<FakeBand> knownBands = List.of();

  NaiveBandPolicy(
      NaiveState state,
      NaiveRoom room,
      NaiveDispatchOrder order,
      Function<Knobs, BandPolicy> plugins) {
    this.state = state;
    this.room = room;
    this.order = order;
    this.plugins = plugins;
    plugin = plugins.apply(state.knobs);
  }

  void policyChanged(Knobs changed) {
    plugin = plugins.apply(changed);
    knownBands = List.of();
    state.running.forEach(request -> request.bandBooking = 0);
  }

  /** Tells the policy which bands exist, if that has changed. */
  void update() {
    var bands = new ArrayList<FakeBand>();
    for (var priority : state.bands) {
      var band = state.knobs.band(priority);
      bands.add(FakeBand.ofPriority(priority, band.weight(), band.reserved()));
    }
    if (!bands.equals(knownBands)) {
      knownBands = bands;
      plugin.bandsChanged(bands);
    }
  }

  /** The rank of the band that goes next; bit r of {@code candidates} stands for rank r. */
  int next(long candidates) {
    return plugin.next(candidates);
  }

  /** True if the band named last goes by its reserve, not by its priority. */
  boolean isReservedTurn() {
    return plugin.isReservedTurn();
  }

  /** True if the reserved turn of the band named last is worth the request. */
  boolean covers(NaiveRequest request, long passedOver) {
    return plugin.covers(rank(request), request.estimatedCost, passedOver);
  }

  void dispatched(NaiveRequest request, boolean inReservedTurn, long passedOver) {
    request.bandBooking =
        plugin.dispatched(
            rank(request), request.chargedCost, inReservedTurn, backloggedBands(), passedOver);
  }

  void corrected(NaiveRequest request, long costDelta) {
    if (costDelta != 0) {
      plugin.corrected(
          rank(request), request.chargedCost, costDelta, backloggedBands(), request.bandBooking);
    }
  }

  /** Bit r is set if the band of rank r has requests of tenants that may run more. */
  long backloggedBands() {
    var bits = 0L;
    var rank = 0;
    for (var band : state.bands) {
      bits |= order.betweenTenants(band).isActive() ? 1L << rank : 0;
      rank++;
    }
    return bits;
  }

  /** Bit r is set if the band of rank r has such a request that finds room below a full pool. */
  long bandsWithRoom() {
    var bits = 0L;
    var rank = 0;
    for (var band : state.bands) {
      var hasRoom =
          order.betweenTenants(band).models().stream()
              .anyMatch(model -> room.isOpen(band, model, true));
      bits |= hasRoom ? 1L << rank : 0;
      rank++;
    }
    return bits;
  }

  private int rank(NaiveRequest request) {
    return List.copyOf(state.bands).indexOf(request.priority());
  }
}
