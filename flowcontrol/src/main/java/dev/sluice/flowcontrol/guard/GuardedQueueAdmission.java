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
public final class GuardedQueueAdmission extends PluginSlot<QueueAdmissionPolicy>
    implements QueueAdmissionPolicy {
  /** A policy in its first state. */
  public GuardedQueueAdmission(Plugin<QueueAdmissionPolicy> plugin, Faults faults) {
    super(plugin, faults);
  }

  /** Takes another policy, unless {@code wanted} is the present one. */
  public void use(Plugin<QueueAdmissionPolicy> wanted) {
    take(wanted);
  }

  @Override
  public boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes) {
    try {
      return object().admits(flow, tenant, band, cost, sizeBytes);
    } catch (Throwable thrown) {
      caught(thrown);
      return true;
    }
  }

  @Override
  public boolean protectsShares() {
    try {
      return object().protectsShares();
    } catch (Throwable thrown) {
      caught(thrown);
      return false;
    }
  }
}
