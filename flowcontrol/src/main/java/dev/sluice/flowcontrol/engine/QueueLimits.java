package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.guard.GuardedQueueAdmission;
import dev.sluice.flowcontrol.registry.Band;
import dev.sluice.flowcontrol.registry.Flow;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.registry.Tenant;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.RejectReason;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The limits on what may be queued, asked in this order: tenant, flow, band, queue admission
 * policy, all. A refusal names the limit that was hit.
 */
final class QueueLimits {
  private final FlowRegistry registry;
  private final GuardedQueueAdmission admission;
  private final Displacement displacement;
  private final PlaceExchange exchange;
  private final Budgets budgets;
  private final RetryAfter retryAfter;

  QueueLimits(
      FlowControlConfig config,
      Round round,
      FlowRegistry registry,
      Displacement displacement,
      PlaceExchange exchange,
      Budgets budgets,
      RetryAfter retryAfter) {
    this.registry = registry;
    this.displacement = displacement;
    this.exchange = exchange;
    this.budgets = budgets;
    this.retryAfter = retryAfter;
    admission = new GuardedQueueAdmission(config.queueAdmission(), round);
  }

  void configure(FlowControlConfig config) {
    admission.use(config.queueAdmission());
  }

  /**
   * Why a request may not be queued; null if it may. Then other requests may have been displaced
   * for it.
   */
  Admission.@Nullable Rejected refusal(Round round, PendingRequest request) {
    var flow = request.queue().flow();
    var band = flow.band();
    var bytes = request.request().sizeBytes();
    var limit = tenantLimit(flow.tenant(), bytes);
    if (limit != null) {
      return ofLimit(limit, retryAfter.ofTenant(flow, round.nowNanos()));
    }
    limit = flowLimit(flow, bytes);
    if (limit != null) {
      return ofLimit(limit, retryAfter.ofFlow(flow, round.nowNanos()));
    }
    var isBandFull = isBandFull(band, bytes);
    // A full band asks the policy as well: it says whether only the tenant's own flows give way.
    var isAdmitted = admission.admits(flow, flow.bandTenant(), band, request.cost(), bytes);
    if (isAdmitted && !isBandFull && displacement.makeRoom(round, request)) {
      return null;
    }
    if (admission.protectsShares() && exchange.takePlace(round, request, isAdmitted)) {
      return null;
    }
    limit = noPlace(flow, bytes, isAdmitted);
    if (budgets.isPoolEmpty()) {
      return new Admission.Rejected(RejectReason.NO_ENDPOINTS, limit, Duration.ZERO, Duration.ZERO);
    }
    var advice =
        isAdmitted || isBandFull
            ? retryAfter.ofQueue(flow, round.nowNanos())
            : retryAfter.ofTenant(flow, round.nowNanos());
    return new Admission.Rejected(RejectReason.CAPACITY, limit, Duration.ZERO, advice);
  }

  private static Admission.Rejected ofLimit(String limit, Duration advice) {
    return new Admission.Rejected(RejectReason.FLOW_LIMIT, limit, Duration.ZERO, advice);
  }

  private String noPlace(Flow flow, long bytes, boolean isAdmitted) {
    var limit = bandLimit(flow.band(), bytes);
    if (limit != null) {
      return limit;
    }
    return isAdmitted
        ? "the queue is full: "
            + registry.queuedRequests()
            + " requests, "
            + registry.queuedBytes()
            + " bytes"
        : "flow " + flow.key() + " has its share of the queue";
  }

  private static boolean isBandFull(Band band, long bytes) {
    return exceeds(band.queuedRequests(), 1, band.maxRequests())
        || exceeds(band.queuedBytes(), bytes, band.maxBytes());
  }

  private static @Nullable String tenantLimit(Tenant tenant, long bytes) {
    var limits = tenant.config();
    if (exceeds(tenant.queuedRequests(), 1, limits.maxQueuedRequests())) {
      return "tenant "
          + tenant.id()
          + " has queued all of its "
          + limits.maxQueuedRequests()
          + " requests";
    }
    if (exceeds(tenant.queuedBytes(), bytes, limits.maxBytes())) {
      return "tenant " + tenant.id() + " would queue more than its " + limits.maxBytes() + " bytes";
    }
    return null;
  }

  private static @Nullable String flowLimit(Flow flow, long bytes) {
    var limits = flow.band().config().limits();
    if (exceeds(flow.queuedRequests(), 1, limits.maxRequestsPerFlow())) {
      return "flow "
          + flow.key()
          + " has queued all of its "
          + limits.maxRequestsPerFlow()
          + " requests";
    }
    if (exceeds(flow.queuedBytes(), bytes, limits.maxBytesPerFlow())) {
      return "flow "
          + flow.key()
          + " would queue more than its "
          + limits.maxBytesPerFlow()
          + " bytes";
    }
    return null;
  }

  private static @Nullable String bandLimit(Band band, long bytes) {
    if (exceeds(band.queuedRequests(), 1, band.maxRequests())) {
      return "band "
          + band.priority()
          + " has queued all of its "
          + band.maxRequests()
          + " requests";
    }
    if (exceeds(band.queuedBytes(), bytes, band.maxBytes())) {
      return "band " + band.priority() + " would queue more than its " + band.maxBytes() + " bytes";
    }
    return null;
  }

  /**
   * Whether so much more would be above a limit. Without a limit, which is 0, it is above what can
   * be counted. So no count can overflow, whatever requests say of themselves.
   */
  static boolean exceeds(long queued, long more, long limit) {
    return more > (limit > 0 ? limit : Long.MAX_VALUE) - queued;
  }
}
