package dev.sluice.flowcontrol.controller;

/** Lets tests of other packages have an engine check itself. */
public final class EngineInvariants {

  private EngineInvariants() {}

  /** Throws if the engine's own books do not agree. */
  public static void check(FlowController engine) {
    engine.checkInvariants();
  }
}
