package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.util.Set;

/**
 * Orders the requests of a flow by arrival + SLO target, the earliest first. Requests without a
 * target go last, and equal ones go in the order in which they were offered. O(log n) in a heap of
 * n requests; without a bound under overload. Upstream: {@code slo-deadline-ordering-policy}, which
 * parses the target from its header at each comparison. Type {@code slo-deadline}. Stateless.
 */
public final class SloDeadlineFirst implements IntraFlowDispatchPolicy {

  /** Makes a policy; it has no parameters. */
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
