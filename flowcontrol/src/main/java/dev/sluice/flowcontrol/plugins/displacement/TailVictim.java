package dev.sluice.flowcontrol.plugins.displacement;

import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The request that would be served last gives way first, so that displacement never changes the
 * order of those that stay. O(1) to find. Type {@code tail}. Stateless.
 */
public final class TailVictim implements IntraFlowDisplacementPolicy {

  /** Makes a policy; it has no parameters. */
  public TailVictim() {}

  @Override
  public @Nullable QueueItem victim(SafeQueue queue) {
    return queue.tail();
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    return Set.of(QueueCapability.DOUBLE_ENDED);
  }
}
