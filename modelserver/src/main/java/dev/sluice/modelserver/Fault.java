package dev.sluice.modelserver;

/**
 * What a model server does wrong on purpose: to every generating request that arrives from now on,
 * or to one request that asks for it by {@link ModelServer#FAULT_HEADER}.
 */
public enum Fault {
  /** Nothing: requests are served. */
  NONE,
  /**
   * The port is closed, so that connecting is refused, and so is every open connection. Not for a
   * single request.
   */
  REFUSE,
  /** The request is never answered. */
  HANG,
  /** A TCP reset after {@link ModelServerOptions#resetAfterTokens()} tokens, at least one. */
  RESET,
  /** Every delay is multiplied by {@link ModelServerOptions#slowFactor()}. */
  SLOW,
  /** Status 500 with an error body. */
  ERROR,
  /** Status 200 with a body that is not JSON. */
  GARBAGE
}
