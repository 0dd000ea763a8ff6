package dev.sluice.flowcontrol.plugins.ordering;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import java.util.Set;

/**
 * Serves the requests of a flow in the order in which they were offered, so that a request waits
 * only for earlier ones. O(1), in a list. Upstream: {@code fcfs-ordering-policy}. Type {@code
 * fcfs}. Stateless.
 */
public final class FirstComeFirstServed implements IntraFlowDispatchPolicy {

  /** Makes a policy; it has no parameters. */
  public FirstComeFirstServed() {}

  @Override
  public long orderingKey(QueueItem item) {
    return 0;
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    return Set.of();
  }
}
