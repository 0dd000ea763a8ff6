package dev.sluice.modelserver;

/**
 * A fault that a model server shows on purpose. The server shows it to every generating request, or
 * to a request that asks for it by {@link ModelServer#FAULT_HEADER}.
 */
public enum Fault {
  /** No fault: requests are served. */
  NONE,
  /**
   * Open connections are closed, and new ones are refused. A single request cannot ask for this
   * fault.
   */
  REFUSE,
  /** The request is never answered. */
  HANG,
  /**
   * The connection is cut by a TCP reset after {@link ModelServerOptions#resetAfterTokens()}
   * tokens, but not before the first.
   */
  RESET,
  /** Every delay is multiplied by {@link ModelServerOptions#slowFactor()}. */
  SLOW,
  /** The answer has status 500 and an error body. */
  ERROR,
  /** The answer has status 200 and a body that is not JSON. */
  GARBAGE
}
