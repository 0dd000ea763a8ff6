package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.registry.FlowRegistry.Queued;
import java.util.ArrayList;
import java.util.List;

/**
 * One change of the configuration, with every queued request in place. Only plugins that the change
 * touches are made again. A new policy or queue learns of the queued requests in the order of their
 * arrival, so its decisions do not depend on the names of flows. Guarded by the core's lock.
 */
final class Reconfiguration {
  private final FlowRegistry registry;
  private final Bands bands;
  private final FlowControlConfig config;
  private final Iterable<Queued> queued;

  /**
   * A change to come.
   *
   * @param config the new configuration
   * @param queued all queued requests, in the order of their arrival
   */
  Reconfiguration(
      FlowRegistry registry, Bands bands, FlowControlConfig config, Iterable<Queued> queued) {
    this.registry = registry;
    this.bands = bands;
    this.config = config;
    this.queued = queued;
  }

  void apply(long nowNanos) {
    bands.reconfigure(config);
    bands.list().forEach(this::reconfigure);
    bands.noteReconfigured();
    if (bands.count() + config.bands().size() > FlowControlConfig.MAX_BANDS) {
      bands.collect(nowNanos, 0);
    }
    bands.createConfigured(nowNanos);
    for (var tenant : registry.tenants()) {
      tenant.reconfigure(config.tenant(tenant.id()));
    }
    for (var entry : queued) {
      var flow = entry.queue().flow();
      registry.applyRunningLimit(flow.tenant());
      flow.band().backlogChanged(flow);
    }
  }

  private void reconfigure(Band band) {
    var old = band.plugins();
    var plugins = bands.plugins(band.priority());
    var keepsFairness = plugins.hasFairnessOf(old);
    var keepsQueues = plugins.hasQueuesOf(old);
    List<Queued> ofBand = keepsFairness && keepsQueues ? List.of() : queuedIn(band);
    if (!keepsFairness) {
      ofBand.forEach(entry -> registry.setActive(entry.queue(), false));
    }
    var configured = config.bands().containsKey(band.priority());
    band.reconfigure(config.band(band.priority()), configured, plugins);
    if (!keepsFairness) {
      renewFairness(band);
    }
    if (!plugins.hasDisplacementOf(old)) {
      renewDisplacement(band);
    }
    if (!keepsQueues) {
      rebuildQueues(band, ofBand);
    }
    ofBand.forEach(entry -> registry.setActive(entry.queue(), true));
  }

  private List<Queued> queuedIn(Band band) {
    var ofBand = new ArrayList<Queued>();
    for (var entry : queued) {
      if (entry.queue().flow().band() == band) {
        ofBand.add(entry);
      }
    }
    return ofBand;
  }

  private void renewFairness(Band band) {
    for (var tenant : registry.tenants()) {
      for (var bandTenant : tenant.bands()) {
        if (bandTenant.band() == band) {
          bandTenant.renewFairness();
        }
      }
    }
    for (var flow : registry.flows()) {
      if (flow.band() == band) {
        flow.dispatchState(null);
        flow.queues().forEach(queue -> queue.dispatchState(null));
      }
    }
  }

  private void renewDisplacement(Band band) {
    for (var tenant : registry.tenants()) {
      for (var bandTenant : tenant.bands()) {
        if (bandTenant.band() == band) {
          bandTenant.renewDisplacement();
        }
      }
    }
    for (var flow : registry.flows()) {
      if (flow.band() == band) {
        flow.displacementState(null);
      }
    }
  }

  /** Moves the items of a band into new queues. A faulty queue is detected at its next use. */
  private void rebuildQueues(Band band, List<Queued> ofBand) {
    for (var entry : ofBand) {
      entry.queue().items().remove(entry.item());
    }
    for (var flow : registry.flows()) {
      if (flow.band() == band) {
        flow.queues().forEach(FlowQueue::renewItems);
      }
    }
    for (var entry : ofBand) {
      entry.reorder();
      entry.queue().items().add(entry.item());
    }
    for (var entry : ofBand) {
      if (entry.queue().isActive()) {
        band.headChanged(entry.queue());
      }
    }
  }
}
