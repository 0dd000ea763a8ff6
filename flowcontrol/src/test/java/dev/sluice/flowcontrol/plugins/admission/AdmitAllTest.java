package dev.sluice.flowcontrol.plugins.admission;

import dev.sluice.flowcontrol.conformance.QueueAdmissionPolicyConformance;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;

final class AdmitAllTest extends QueueAdmissionPolicyConformance {

  @Override
  protected QueueAdmissionPolicy newPolicy() {
    return new AdmitAll();
  }
}
