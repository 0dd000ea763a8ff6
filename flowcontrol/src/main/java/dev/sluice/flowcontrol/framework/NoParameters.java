package dev.sluice.flowcontrol.framework;

/** The parameters of a plugin that has none. Immutable. */
public record NoParameters() {

  /** The only value. */
  public static final NoParameters INSTANCE = new NoParameters();
}
