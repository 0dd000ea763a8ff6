package dev.sluice.modelserver;

/** How a request ended after it had started to run. */
public enum Outcome {
  /** The last token was written. */
  FINISHED,
  /** The client went away. */
  CANCELLED,
  /** An injected fault cut the connection. */
  RESET
}
