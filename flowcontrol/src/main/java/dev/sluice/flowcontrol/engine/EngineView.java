package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.registry.Band;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import java.util.ArrayList;
import java.util.Comparator;

/** Takes the picture of bands, flows and counts that is shown to people and scrapes. */
final class EngineView {
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

  /** Everything as it is at {@code nowNanos}. O(flows log flows). */
  RegistryView of(Round round, FlowControlConfig config, long nowNanos) {
    var saturation = room.poolSaturation(round);
    var bands = new ArrayList<RegistryView.Band>();
    for (var rank = 0; rank < registry.bandCount(); rank++) {
      bands.add(band(registry.band(rank), saturation, nowNanos));
    }
    return new RegistryView(
        nowNanos,
        saturation,
        registry.queuedRequests(),
        registry.queuedBytes(),
        running.size(),
        config.maxRequests(),
        config.maxBytes(),
        !budgets.isPoolEmpty(),
        bands);
  }

  private RegistryView.Band band(Band band, double saturation, long nowNanos) {
    var flows =
        registry.flows().stream()
            .filter(flow -> flow.band() == band)
            .sorted(Comparator.comparing(Flow::key))
            .map(flow -> flow(flow, nowNanos))
            .toList();
    return new RegistryView.Band(
        band.priority(),
        band.queuedRequests(),
        band.queuedBytes(),
        band.maxRequests(),
        band.maxBytes(),
        room.ceiling(band.rank(), saturation),
        band.config().fairness().type(),
        band.config().ordering().type(),
        flows);
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
