package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import java.util.Set;

/**
 * An ordering policy behind the border. If the policy fails, the item's key is 0, and no request is
 * hopeless. Guarded by the core's lock.
 */
public final class GuardedOrdering implements IntraFlowDispatchPolicy {
  private final IntraFlowDispatchPolicy policy;
  private final Border border;

  /** A guard for {@code policy}. */
  public GuardedOrdering(IntraFlowDispatchPolicy policy, Border border) {
    this.policy = policy;
    this.border = border;
  }

  /** A guard for a new policy. If it cannot be made, it fails like one that throws. */
  public static GuardedOrdering of(Plugin<IntraFlowDispatchPolicy> plugin, Border border) {
    try {
      return new GuardedOrdering(plugin.create(), border);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return new GuardedOrdering(Missing.POLICY, border);
    }
  }

  @Override
  public long orderingKey(QueueItem item) {
    try {
      return policy.orderingKey(item);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return 0;
    }
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    try {
      return policy.requiredCapabilities();
    } catch (Throwable thrown) {
      border.caught(thrown);
      return Set.of();
    }
  }

  /**
   * Whether items go in the order of arrival, because the policy orders them by no key. False if
   * the policy fails.
   */
  public boolean isByArrival() {
    try {
      return !policy.requiredCapabilities().contains(QueueCapability.PRIORITY_ORDER);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return false;
    }
  }

  @Override
  public boolean isHopeless(QueueItem item, long nowNanos) {
    try {
      return policy.isHopeless(item, nowNanos);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return false;
    }
  }

  /** Stands for a policy that could not be made: every item has the same key. */
  private enum Missing implements IntraFlowDispatchPolicy {
    POLICY;

    @Override
    public long orderingKey(QueueItem item) {
      return 0;
    }

    @Override
    public Set<QueueCapability> requiredCapabilities() {
      return Set.of();
    }
  }
}
