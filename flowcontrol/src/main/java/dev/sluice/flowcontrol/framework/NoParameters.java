package dev.sluice.flowcontrol.framework;

/** The parameters of a plugin type that has none. Immutable. */
record NoParameters() {

  /** The only value. */
  static final NoParameters INSTANCE = new NoParameters();
}
