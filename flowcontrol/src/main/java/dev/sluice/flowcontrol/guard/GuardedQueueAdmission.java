package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;

/**
 * The border to the queue admission policy. If the policy throws, its exception is reported, and
 * the request is admitted without taking another's place: the hard limits still hold. Guarded by
 * the core's lock.
 */
public final class GuardedQueueAdmission implements QueueAdmissionPolicy {
  private final PluginSlot<QueueAdmissionPolicy> policy;

  /** A policy in its first state. */
  public GuardedQueueAdmission(Plugin<QueueAdmissionPolicy> plugin, Faults faults) {
    policy = new PluginSlot<>(plugin, faults);
  }

  /** Takes another policy, unless {@code wanted} is the present one. */
  public void use(Plugin<QueueAdmissionPolicy> wanted) {
    policy.use(wanted);
  }

  @Override
  public boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes) {
    try {
      return policy.object().admits(flow, tenant, band, cost, sizeBytes);
    } catch (Throwable thrown) {
      policy.caught(thrown);
      return true;
    }
  }

  @Override
  public boolean protectsShares() {
    try {
      return policy.object().protectsShares();
    } catch (Throwable thrown) {
      policy.caught(thrown);
      return false;
    }
  }
}
