package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.guard.Border;
import dev.sluice.flowcontrol.guard.Faults;
import dev.sluice.flowcontrol.guard.GuardedFairness;
import dev.sluice.flowcontrol.guard.GuardedFlowDisplacement;
import dev.sluice.flowcontrol.guard.GuardedOrdering;
import dev.sluice.flowcontrol.guard.GuardedQueue;

/**
 * The plugins that a band's configuration names. Each object that they make is behind a guard, so
 * nothing in the registry calls a plugin directly. Immutable.
 */
final class BandPlugins {
  private final BandConfig config;
  private final Plugin<InterFlowDisplacementPolicy> displacement;
  private final Border fairnessBorder;
  private final Border orderingBorder;
  private final Border displacementBorder;
  private final Border queueBorder;

  /**
   * The plugins of a configuration.
   *
   * @param displacement names the flow that gives way; it is configured for all bands together
   */
  BandPlugins(BandConfig config, Plugin<InterFlowDisplacementPolicy> displacement, Faults faults) {
    this.config = config;
    this.displacement = displacement;
    fairnessBorder = new Border(config.fairness().type(), faults);
    orderingBorder = new Border(config.ordering().type(), faults);
    displacementBorder = new Border(displacement.type(), faults);
    queueBorder = new Border(config.queue().type(), faults);
  }

  GuardedFairness newFairness() {
    return GuardedFairness.of(config.fairness(), fairnessBorder);
  }

  GuardedOrdering newOrdering() {
    return GuardedOrdering.of(config.ordering(), orderingBorder);
  }

  GuardedFlowDisplacement newDisplacement() {
    return GuardedFlowDisplacement.of(displacement, displacementBorder);
  }

  GuardedQueue newQueue() {
    return GuardedQueue.of(config.queue(), queueBorder);
  }

  /** Whether fairness policies made before stay as they are. */
  boolean hasFairnessOf(BandPlugins old) {
    return config.fairness().equals(old.config.fairness());
  }

  /** Whether the ordering policy made before stays as it is. */
  boolean hasOrderingOf(BandPlugins old) {
    return config.ordering().equals(old.config.ordering());
  }

  /** Whether queues made before, and the order in them, stay as they are. */
  boolean hasQueuesOf(BandPlugins old) {
    return config.queue().equals(old.config.queue()) && hasOrderingOf(old);
  }

  /** Whether displacement policies made before stay as they are. */
  boolean hasDisplacementOf(BandPlugins old) {
    return displacement.equals(old.displacement);
  }
}
