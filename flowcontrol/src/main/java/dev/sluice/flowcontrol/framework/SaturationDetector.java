package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.contracts.CapacityGate;

/** Tells how full the pool is. Immutable; thread-safe. */
public interface SaturationDetector {

  /** A gate in its first state: no endpoints, nothing running. */
  CapacityGate newGate();
}
