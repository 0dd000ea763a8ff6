package dev.sluice.flowcontrol.plugins.detectors;

/** The unit that the {@code concurrency} detector counts in. */
public enum ConcurrencyMode {
  /** Requests. */
  REQUESTS,
  /** Their estimated tokens. */
  TOKENS,
  /** Both; for each endpoint, whichever is nearer to its limit. */
  HYBRID
}
