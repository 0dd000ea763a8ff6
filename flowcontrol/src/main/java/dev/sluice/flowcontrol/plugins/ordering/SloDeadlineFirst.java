package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.util.Set;

/**
 * Serves a flow's request with the earliest arrival + SLO target first; those without a target go
 * last, equal ones in the order in which they were offered. O(log n) in a heap of n requests; no
 * bound under overload. Upstream, where the target is parsed from its header at each comparison:
 * {@code slo-deadline-ordering-policy}. Type {@code slo-deadline}. Stateless.
 */
public final class SloDeadlineFirst implements IntraFlowDispatchPolicy {

  /** A policy. */
  public SloDeadlineFirst() {}

  @Override
  public long orderingKey(QueueItem item) {
    var slo = item.request().sloNanos();
    return slo == FlowControlRequest.UNSET ? Long.MAX_VALUE : Arrival.plus(item, slo);
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    return Set.of(QueueCapability.PRIORITY_ORDER);
  }
}
