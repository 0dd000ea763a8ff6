package dev.sluice.flowcontrol.plugins.bands;

import dev.sluice.flowcontrol.conformance.BandPolicyConformance;
import dev.sluice.flowcontrol.framework.BandPolicy;

final class StrictPriorityTest extends BandPolicyConformance {

  @Override
  protected BandPolicy newPolicy() {
    return new StrictPriority();
  }
}
