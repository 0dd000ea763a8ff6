package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.registry.DepartureRate;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import java.time.Duration;

/**
 * When a refused caller may try again: when the flow's own backlog and one request more will have
 * gone at the rate at which it went so far; by the rate of all flows while the flow's own is not
 * known.
 */
final class RetryAfter {
  private final FlowRegistry registry;
  private final DepartureRate ofAll = new DepartureRate();

  RetryAfter(FlowRegistry registry) {
    this.registry = registry;
  }

  /** A request was queued. */
  void queued(long nowNanos) {
    if (registry.queuedRequests() == 1) {
      ofAll.backlogBegan(nowNanos);
    }
  }

  /** A queued request was dispatched. */
  void dispatched(Flow flow, long nowNanos) {
    flow.departureRate().dispatched(nowNanos);
    ofAll.dispatched(nowNanos);
  }

  /** The advice to a caller of the flow. */
  Duration of(Flow flow) {
    return flow.departureRate().isKnown()
        ? flow.departureRate().timeToClear(flow.queuedRequests() + 1L)
        : ofAll.timeToClear(registry.queuedRequests() + 1L);
  }
}
