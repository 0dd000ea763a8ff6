package dev.sluice.inference;

/**
 * Estimates the number of tokens in a request's prompt without a tokenizer. An implementation must
 * be thread-safe, and quick, because it runs for every request on an event loop.
 */
@FunctionalInterface
public interface TokenEstimator {
  /** The estimated tokens of all prompts of the request together, at least 0. */
  long inputTokens(RequestScan request);
}
