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
 * policies name, until the newcomer fits. Only strictly lower bands give way here. {@link
 * PlaceExchange} is about the newcomer's own band.
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

  /** Whether queued requests give way to others at all. */
  boolean isEnabled() {
    return enabled;
  }

  /** Whether the band has no place for one request more, even if nothing lower were queued. */
  boolean isShortOfRequests(Band band) {
    return QueueLimits.exceeds(band.queuedRequests(), 1, band.maxRequests())
        || QueueLimits.exceeds(registry.queuedRequests() - requestsBelow(band), 1, maxRequests);
  }

  /** Whether the band has no place for so many bytes more, even if nothing lower were queued. */
  boolean isShortOfBytes(Band band, long bytes) {
    return QueueLimits.exceeds(band.queuedBytes(), bytes, band.maxBytes())
        || QueueLimits.exceeds(registry.queuedBytes() - bytesBelow(band), bytes, maxBytes);
  }

  /**
   * Whether a newcomer would fit if a request of its own band gave way, and everything lower that
   * is in its way.
   */
  boolean fitsInPlaceOf(QueuedRequest victim, PendingRequest newcomer) {
    var band = newcomer.queue().flow().band();
    var bytesLess = victim.request().sizeBytes();
    return !QueueLimits.exceeds(band.queuedRequests() - 1L, 1, band.maxRequests())
        && !QueueLimits.exceeds(
            band.queuedBytes() - bytesLess, newcomer.request().sizeBytes(), band.maxBytes())
        && fits(
            requestsBelow(band) + 1,
            bytesBelow(band) + bytesLess,
            costBelow(band) + victim.estimatedCost(),
            newcomer);
  }

  /** Whether a newcomer of the band would fit if nothing lower were queued. */
  private boolean wouldFitWithout(Band band, PendingRequest newcomer) {
    return fits(requestsBelow(band), bytesBelow(band), costBelow(band), newcomer);
  }

  private long requestsBelow(Band band) {
    var requests = 0L;
    for (var rank = band.rank() + 1; rank < registry.bandCount(); rank++) {
      requests += registry.band(rank).queuedRequests();
    }
    return requests;
  }

  private long bytesBelow(Band band) {
    var bytes = 0L;
    for (var rank = band.rank() + 1; rank < registry.bandCount(); rank++) {
      bytes += registry.band(rank).queuedBytes();
    }
    return bytes;
  }

  private long costBelow(Band band) {
    var cost = 0L;
    for (var rank = band.rank() + 1; rank < registry.bandCount(); rank++) {
      cost += registry.band(rank).queuedCost();
    }
    return cost;
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
  @Nullable QueuedRequest victimOf(Flow flow) {
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
