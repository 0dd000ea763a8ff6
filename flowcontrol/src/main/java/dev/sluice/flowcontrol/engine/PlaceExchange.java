package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.Shares;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.types.EvictReason;
import org.jspecify.annotations.Nullable;

/**
 * Lets a newcomer below its share take the place of a request of its own band. One request gives
 * way of the tenant that then has most left for its weight, if that is at least as much as the
 * newcomer's tenant then has. If no other tenant has that much, another flow of the newcomer's own
 * tenant gives way under the same condition, so a tenant's flows don't lock each other out either.
 *
 * <p>The problem: a hog that is alone fills the last place, so the next tenant would find no room,
 * and the hog would be alone again. The exchange gives that tenant its place without holding places
 * back from a tenant that is alone.
 *
 * <p>What makes it safe:
 *
 * <ul>
 *   <li>An exchange is never reversed. After it, the tenant that gave has at least as much as the
 *       one that took. The reverse would need more than that. So two hogs with equal weights do not
 *       take places from each other in turn, and a victim that comes back at once is refused.
 *   <li>One request gives way at most, and only if the newcomer then fits under every limit. So
 *       nothing gives way in vain, and the newcomer takes the victim's place in the same operation.
 *   <li>It goes by what is short, requests or bytes or both, and not by estimated cost. Otherwise
 *       one expensive request of a modest tenant would shield a hog with many cheap ones.
 * </ul>
 *
 * <p>O(bands + log tenants + log flows).
 */
final class PlaceExchange {
  private static final String TO_A_TENANT =
      "gave way to a tenant that has less of the queue for its weight";
  private static final String TO_A_FLOW =
      "gave way to a flow of its own tenant that has less of the queue for its weight";

  private final Waiting waiting;
  private final Displacement displacement;
  private boolean needsPlace;
  private boolean needsBytes;

  PlaceExchange(Waiting waiting, Displacement displacement) {
    this.waiting = waiting;
    this.displacement = displacement;
  }

  /**
   * Takes a place for the newcomer, whose tenant and flow are below their own limits. If it returns
   * false, no request has given way.
   *
   * @param isAdmitted whether the tenant may queue more than now by the queue admission policy; if
   *     not, only its own flows give way
   */
  boolean takePlace(Round round, PendingRequest newcomer, boolean isAdmitted) {
    if (!displacement.isEnabled()) {
      return false;
    }
    var band = newcomer.queue().flow().band();
    needsPlace = !isAdmitted || displacement.isShortOfRequests(band);
    needsBytes = !isAdmitted || displacement.isShortOfBytes(band, newcomer.request().sizeBytes());
    var detail = TO_A_TENANT;
    var victim = isAdmitted ? ofAnotherTenant(newcomer) : null;
    if (victim == null) {
      detail = TO_A_FLOW;
      victim = ofAnotherFlow(newcomer);
    }
    if (victim == null) {
      return false;
    }
    waiting.evict(round, victim, EvictReason.DISPLACED, detail);
    return displacement.makeRoom(round, newcomer);
  }

  private @Nullable QueuedRequest ofAnotherTenant(PendingRequest newcomer) {
    var takes = newcomer.queue().flow().bandTenant();
    if (needsPlace) {
      var gives = takes.band().fullestByRequests();
      if (gives != null && gives != takes) {
        var victim = victim(gives, gives.fullestByRequests(), takes, newcomer);
        if (victim != null) {
          return victim;
        }
      }
    }
    if (!needsBytes) {
      return null;
    }
    var gives = takes.band().fullestByBytes();
    return gives == null || gives == takes
        ? null
        : victim(gives, gives.fullestByBytes(), takes, newcomer);
  }

  private @Nullable QueuedRequest ofAnotherFlow(PendingRequest newcomer) {
    var takes = newcomer.queue().flow();
    var tenant = takes.bandTenant();
    var victim = needsPlace ? ofFlow(tenant.fullestByRequests(), takes, newcomer) : null;
    return victim == null && needsBytes ? ofFlow(tenant.fullestByBytes(), takes, newcomer) : victim;
  }

  private @Nullable QueuedRequest ofFlow(
      @Nullable Flow gives, Flow takes, PendingRequest newcomer) {
    return gives == null || gives == takes ? null : victim(gives, gives, takes, newcomer);
  }

  /** The request of a flow that gives way; null if that is against the conditions. */
  private @Nullable QueuedRequest victim(
      FlowView gives, @Nullable Flow from, FlowView takes, PendingRequest newcomer) {
    var victim = from == null ? null : displacement.victimOf(from);
    return victim != null
            && keepsAsMuch(gives, victim, takes, newcomer)
            && displacement.fitsInPlaceOf(victim, newcomer)
        ? victim
        : null;
  }

  private boolean keepsAsMuch(
      FlowView gives, QueuedRequest victim, FlowView takes, PendingRequest newcomer) {
    return (!needsPlace
            || Shares.isAtMost(
                takes.queuedRequests() + 1.0,
                takes.weight(),
                gives.queuedRequests() - 1.0,
                gives.weight()))
        && (!needsBytes
            || Shares.isAtMost(
                (double) takes.queuedBytes() + newcomer.request().sizeBytes(),
                takes.weight(),
                (double) gives.queuedBytes() - victim.request().sizeBytes(),
                gives.weight()));
  }
}
