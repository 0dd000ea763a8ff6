package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.contracts.RegistryView;

/** A view of the engine that is taken slice by slice, each in a hold of the lock of its own. */
public interface ViewInSlices {

  /** Whether no slice is left. */
  boolean isComplete();

  /** The view, once it is complete. Needs no lock. O(flows log flows). */
  RegistryView finish();
}
