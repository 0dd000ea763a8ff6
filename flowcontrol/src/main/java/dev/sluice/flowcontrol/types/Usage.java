package dev.sluice.flowcontrol.types;

/**
 * The tokens that a request has used. Immutable. A count above {@link #MOST_TOKENS} counts as that:
 * it comes from a model server, which may be wrong, and must neither stop the request from being
 * completed nor make a sum overflow.
 *
 * @param inputTokens prompt tokens, at least 0, cached ones included
 * @param cachedInputTokens prompt tokens found in a prefix cache, between 0 and {@code inputTokens}
 * @param outputTokens generated tokens, at least 0
 */
public record Usage(long inputTokens, long cachedInputTokens, long outputTokens) {

  /** The largest count of tokens: 2^40. */
  public static final long MOST_TOKENS = 1L << 40;

  /** The usage of a request that never reached a model server. */
  public static final Usage NONE = new Usage(0, 0, 0);

  /**
   * Rejects negative counts, and more cached than input tokens. Lowers counts that are too large.
   */
  public Usage {
    if (inputTokens < 0 || outputTokens < 0) {
      throw new IllegalArgumentException(
          "token counts: got " + inputTokens + " in, " + outputTokens + " out, allowed >= 0");
    }
    if (cachedInputTokens < 0 || cachedInputTokens > inputTokens) {
      throw new IllegalArgumentException(
          "cachedInputTokens: got " + cachedInputTokens + ", allowed 0 to " + inputTokens);
    }
    inputTokens = Math.min(inputTokens, MOST_TOKENS);
    cachedInputTokens = Math.min(cachedInputTokens, MOST_TOKENS);
    outputTokens = Math.min(outputTokens, MOST_TOKENS);
  }

  /** A usage without cached tokens. */
  public static Usage of(long inputTokens, long outputTokens) {
    return new Usage(inputTokens, 0, outputTokens);
  }
}
