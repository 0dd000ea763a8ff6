package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The border to the policy that chooses which request of a queue gives way. If the policy throws,
 * its exception is reported, and no request is named. Guarded by the core's lock.
 */
public final class GuardedRequestDisplacement extends PluginSlot<IntraFlowDisplacementPolicy>
    implements IntraFlowDisplacementPolicy {
  /** A policy in its first state. */
  public GuardedRequestDisplacement(Plugin<IntraFlowDisplacementPolicy> plugin, Faults faults) {
    super(plugin, faults);
  }

  /** Takes another policy, unless {@code wanted} is the present one. */
  public void use(Plugin<IntraFlowDisplacementPolicy> wanted) {
    take(wanted);
  }

  @Override
  public @Nullable QueueItem victim(SafeQueue queue) {
    try {
      return object().victim(queue);
    } catch (Throwable thrown) {
      caught(thrown);
      return null;
    }
  }

  @Override
  public Set<QueueCapability> requiredCapabilities() {
    try {
      return object().requiredCapabilities();
    } catch (Throwable thrown) {
      caught(thrown);
      return Set.of();
    }
  }
}
