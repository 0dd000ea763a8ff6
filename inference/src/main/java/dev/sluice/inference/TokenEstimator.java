package dev.sluice.inference;

/**
 * Guesses how many tokens a request's prompt has, before any tokenizer saw it. Implementations are
 * thread-safe, quick (they run for every request on an event loop) and never negative.
 */
@FunctionalInterface
public interface TokenEstimator {
  /** Tokens of all prompts of the request together, at least 0. */
  long inputTokens(RequestScan request);
}
