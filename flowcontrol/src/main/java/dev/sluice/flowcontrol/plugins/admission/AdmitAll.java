package dev.sluice.flowcontrol.plugins.admission;

import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;

/** Every flow may queue as much as the hard limits allow. Type {@code none}. Stateless. */
public final class AdmitAll implements QueueAdmissionPolicy {

  /** Makes a policy. */
  public AdmitAll() {}

  @Override
  public boolean admits(FlowView flow, FlowView tenant, BandView band, long cost, long sizeBytes) {
    return true;
  }
}
