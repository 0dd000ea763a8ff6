package dev.sluice.flowcontrol.framework;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import java.time.Duration;

/** Tells how full the pool is. Immutable; thread-safe. */
public interface SaturationDetector {

  /** A gate in its first state: no endpoints, nothing running. */
  CapacityGate newGate();

  /**
   * The age beyond which this detector disregards a sample of an endpoint's metrics. Zero, the
   * default, means that this detector reads no samples, so that none can be stale.
   */
  default Duration staleAfter() {
    return Duration.ZERO;
  }
}
