package dev.sluice.modelserver;

/**
 * What a model server does wrong on purpose, to every generating request that arrives from now on.
 */
public enum Fault {
  /** Nothing: requests are served. */
  NONE,
  /** The connection is closed as soon as a request arrives. */
  REFUSE,
  /** The request is never answered. */
  HANG,
  /** The connection is closed after {@link ModelServerOptions#resetAfterTokens()} tokens. */
  RESET,
  /** Every delay is multiplied by {@link ModelServerOptions#slowFactor()}. */
  SLOW,
  /** Status 500 with an error body. */
  ERROR,
  /** Status 200 with a body that is not JSON. */
  GARBAGE
}
