package dev.sluice.modelserver;

/** How a request that had started running ended. */
public enum Outcome {
  /** The last token was written. */
  FINISHED,
  /** The client went away. */
  CANCELLED,
  /** An injected fault cut the connection. */
  RESET
}
