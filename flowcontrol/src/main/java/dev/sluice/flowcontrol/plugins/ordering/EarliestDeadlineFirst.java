package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import java.util.Set;

/**
 * Orders the requests of a flow by deadline, the earliest first. Requests without a deadline go
 * last, and equal ones go in the order in which they were offered. The deadline is the moment at
 * which the request would expire, be it by its own deadline or by its time to live. If all
 * deadlines can be met, this order meets them (Dertouzos, for one server that can be interrupted).
 * Under overload it may meet none. O(log n) in a heap of n requests. Upstream: {@code
 * edf-ordering-policy}. Type {@code edf}. Stateless.
 */
public final class EarliestDeadlineFirst implements IntraFlowDispatchPolicy {

  /** Makes a policy; it has no parameters. */
  public EarliestDeadlineFirst() {}

  @Override
  public long orderingKey(QueueItem item) {
    return item.deadlineNanos();
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    return Set.of(QueueCapability.PRIORITY_ORDER);
  }
}
