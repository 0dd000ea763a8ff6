package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.registry.Band;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes the picture of bands, flows and counts that people and scrapes are shown. The flows are
 * read in slices, each in a hold of the lock of its own, so that a picture of many flows holds up
 * no decision for long. What is sorted and grouped is sorted and grouped without the lock.
 */
final class EngineView {
  /** Number of flows that one hold of the lock reads. */
  private static final int SLICE = 256;

  private final FlowRegistry registry;
  private final Room room;
  private final Running running;
  private final Budgets budgets;

  EngineView(FlowRegistry registry, Room room, Running running, Budgets budgets) {
    this.registry = registry;
    this.room = room;
    this.running = running;
    this.budgets = budgets;
  }

  /** A picture that is being taken. One thread owns it. */
  static final class Picture implements ViewInSlices {
    private final RegistryView totals;
    private final Map<Band, List<RegistryView.Flow>> flowsOf = new HashMap<>();
    private final List<Band> bands;
    private final @Nullable Flow[] flows;
    private int next;

    private Picture(RegistryView totals, List<Band> bands, @Nullable Flow[] flows) {
      this.totals = totals;
      this.bands = bands;
      this.flows = flows;
      bands.forEach(band -> flowsOf.put(band, new ArrayList<>()));
    }

    @Override
    public boolean isComplete() {
      return next == flows.length;
    }

    @Override
    public RegistryView finish() {
      var finished = new ArrayList<RegistryView.Band>();
      for (var i = 0; i < bands.size(); i++) {
        var ofBand = flowsOf.getOrDefault(bands.get(i), List.of());
        finished.add(
            totals
                .bands()
                .get(i)
                .withFlows(
                    ofBand.stream().sorted(Comparator.comparing(RegistryView.Flow::key)).toList()));
      }
      return totals.withBands(finished);
    }
  }

  /** Begins a picture: all but the flows. O(bands), and a copy of an array of references. */
  Picture begin(Round round, FlowControlConfig config, long nowNanos) {
    var saturation = room.poolSaturation(round);
    var bands = registry.bands();
    var totals =
        new RegistryView(
            nowNanos,
            saturation,
            registry.queuedRequests(),
            registry.queuedBytes(),
            running.size(),
            config.maxRequests(),
            config.maxBytes(),
            !budgets.isPoolEmpty(),
            bands.stream().map(band -> band(band, saturation)).toList());
    return new Picture(totals, bands, registry.copyOfFlows());
  }

  /** Adds the next flows to a picture. */
  void addSlice(Picture picture) {
    var end = Math.min(picture.flows.length, picture.next + SLICE);
    for (; picture.next < end; picture.next++) {
      var flow = picture.flows[picture.next];
      var ofBand = flow == null ? null : picture.flowsOf.get(flow.band());
      if (flow != null && ofBand != null && registry.has(flow)) {
        ofBand.add(flow(flow, picture.totals.takenAtNanos()));
      }
    }
  }

  private RegistryView.Band band(Band band, double saturation) {
    return new RegistryView.Band(
        band.priority(),
        band.queuedRequests(),
        band.queuedBytes(),
        band.maxRequests(),
        band.maxBytes(),
        room.ceiling(band.rank(), saturation),
        band.config().fairness().type(),
        band.config().ordering().type(),
        List.of());
  }

  private static RegistryView.Flow flow(Flow flow, long nowNanos) {
    var longest = 0L;
    for (var queue : flow.queues()) {
      if (queue.size() > 0 && queue.head() instanceof QueuedRequest head) {
        longest = Math.max(longest, nowNanos - head.enqueuedAtNanos());
      }
    }
    return new RegistryView.Flow(
        flow.key(),
        flow.tenantId(),
        flow.bandTenant().weight() * flow.weight(),
        flow.queuedRequests(),
        flow.queuedBytes(),
        flow.runningRequests(),
        longest,
        flow.dispatchedTotal(),
        flow.dispatchedCost());
  }
}
