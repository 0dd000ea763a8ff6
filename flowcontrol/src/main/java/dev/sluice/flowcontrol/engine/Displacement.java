package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.guard.GuardedRequestDisplacement;
import dev.sluice.flowcontrol.registry.Band;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.types.EvictReason;
import org.jspecify.annotations.Nullable;

/**
 * Makes room for a newcomer under the limits on all that is queued: plans first, so that no request
 * gives way in vain, then takes from the lowest band the flow and the request that the displacement
 * policies name, until the newcomer fits. Only strictly lower bands give way.
 */
final class Displacement {
  private final FlowRegistry registry;
  private final Waiting waiting;
  private final GuardedRequestDisplacement requestPolicy;
  private boolean enabled;
  private long maxRequests;
  private long maxBytes;

  Displacement(FlowControlConfig config, Round round, FlowRegistry registry, Waiting waiting) {
    this.registry = registry;
    this.waiting = waiting;
    requestPolicy = new GuardedRequestDisplacement(config.requestDisplacement(), round);
    configure(config);
  }

  void configure(FlowControlConfig config) {
    requestPolicy.use(config.requestDisplacement());
    enabled = config.displacement();
    maxRequests = config.maxRequests();
    maxBytes = config.maxBytes();
  }

  /** Whether the newcomer fits now. If not, no request has given way. */
  boolean makeRoom(Round round, PendingRequest newcomer) {
    var band = newcomer.queue().flow().band();
    if (fits(0, 0, 0, newcomer)) {
      return true;
    }
    if (!enabled || !wouldFitWithout(band, newcomer)) {
      return false;
    }
    for (var rank = registry.bandCount() - 1; rank > band.rank(); rank--) {
      var lower = registry.band(rank);
      while (lower.queuedRequests() > 0) {
        displaceFrom(round, lower, newcomer);
        if (fits(0, 0, 0, newcomer)) {
          return true;
        }
      }
    }
    return fits(0, 0, 0, newcomer);
  }

  /** Whether a newcomer of the band would fit if nothing lower were queued. */
  private boolean wouldFitWithout(Band band, PendingRequest newcomer) {
    var lowerRequests = 0L;
    var lowerBytes = 0L;
    var lowerCost = 0L;
    for (var rank = band.rank() + 1; rank < registry.bandCount(); rank++) {
      lowerRequests += registry.band(rank).queuedRequests();
      lowerBytes += registry.band(rank).queuedBytes();
      lowerCost += registry.band(rank).queuedCost();
    }
    return fits(lowerRequests, lowerBytes, lowerCost, newcomer);
  }

  /** There is no limit on cost but what can be counted. */
  private boolean fits(long requestsLess, long bytesLess, long costLess, PendingRequest newcomer) {
    var bytes = newcomer.request().sizeBytes();
    return !QueueLimits.exceeds(registry.queuedRequests() - requestsLess, 1, maxRequests)
        && !QueueLimits.exceeds(registry.queuedBytes() - bytesLess, bytes, maxBytes)
        && !QueueLimits.exceeds(registry.queuedCost() - costLess, newcomer.cost(), 0);
  }

  private void displaceFrom(Round round, Band band, PendingRequest newcomer) {
    var flow = band.victim();
    var victim = flow == null ? null : victimOf(flow);
    if (victim == null) {
      victim = waiting.lastArrivedOf(band);
    }
    waiting.evict(
        round,
        victim,
        EvictReason.DISPLACED,
        "gave way to a request of priority " + newcomer.request().flow().priority());
  }

  /** The request of a flow that gives way: of those that its queues name the last one in order. */
  private @Nullable QueuedRequest victimOf(Flow flow) {
    QueuedRequest last = null;
    for (var queue : flow.queues()) {
      if (queue.size() > 0) {
        var named = Waiting.queuedIn(queue, requestPolicy.victim(queue.items()));
        if (named != null && (last == null || last.precedes(named))) {
          last = named;
        }
      }
    }
    return last;
  }
}
