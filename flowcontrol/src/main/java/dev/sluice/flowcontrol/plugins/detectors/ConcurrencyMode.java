package dev.sluice.flowcontrol.plugins.detectors;

/** What the {@code concurrency} detector counts. */
public enum ConcurrencyMode {
  /** Requests. */
  REQUESTS,
  /** Their estimated tokens. */
  TOKENS,
  /** Both; for each endpoint, whichever is nearer to its limit. */
  HYBRID
}
