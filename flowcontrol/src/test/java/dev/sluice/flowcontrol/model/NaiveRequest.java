package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.Comparator;
import org.jspecify.annotations.Nullable;

/** A request that was not rejected: it is queued, or it runs and holds a permit. */
final class NaiveRequest {

  /** The order inside a flow: by the ordering policy's key, then by arrival. */
  static final Comparator<NaiveRequest> ORDER =
      Comparator.<NaiveRequest>comparingLong(r -> r.orderingKey).thenComparingLong(r -> r.sequence);

  final Command.Offer offer;
  final FlowControlRequest request;
  final FlowKey flow;
  final String tenant;
  final TimeLimits limits;
  final long offeredAt;
  final long sequence;
  final long estimatedCost;
  long orderingKey;

  // The rest is for running requests only.

  long dispatchedAt;
  long chargedCost;
  long bandBooking;
  long predictedOutput;
  String endpoint = "";
  @Nullable Usage reported;

  /** The period of its band's policy in which it was charged. */
  @Nullable Object chargedIn;

  /** When it reported its usage last; until it does, when it was dispatched. */
  long reportedAt;

  /**
   * The bounds of a request's time in the queue; instants are in nanoseconds.
   *
   * @param ttl its budget in ticks while the pool has endpoints; 0 for no bound
   * @param deadline the instant that the caller gave, or {@link NaiveState#NEVER}
   * @param latest the instant at which it expires even if the pool's changes keep renewing its
   *     budget, or {@link NaiveState#NEVER}
   */
  record TimeLimits(int ttl, long deadline, long latest) {}

  NaiveRequest(
      Command.Offer offer,
      FlowControlRequest request,
      TimeLimits limits,
      long offeredAt,
      long sequence,
      long estimatedCost) {
    this.offer = offer;
    this.request = request;
    this.limits = limits;
    this.offeredAt = offeredAt;
    this.sequence = sequence;
    this.estimatedCost = estimatedCost;
    flow = new FlowKey(offer.flow(), offer.priority());
    tenant = offer.tenant().isEmpty() ? offer.flow() : offer.tenant();
  }

  int number() {
    return offer.number();
  }

  int priority() {
    return offer.priority();
  }

  String model() {
    return offer.model();
  }

  long sizeBytes() {
    return offer.sizeBytes();
  }

  /** The request's tenant in the request's band. */
  FlowKey tenantInBand() {
    return new FlowKey(tenant, priority());
  }

  /** The queue among those of the request's tenant. */
  QueueKey queue() {
    return new QueueKey(flow, model());
  }

  /** The queue among those of the request's band. */
  QueueKey tenantQueue() {
    return new QueueKey(tenantInBand(), model());
  }

  /** The instant at which the request expires if the pool keeps having endpoints. */
  long usualExpiry() {
    return limits.ttl > 0
        ? Math.min(limits.deadline, offeredAt + limits.ttl * Ticks.NANOS)
        : limits.deadline;
  }
}
