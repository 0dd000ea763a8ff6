package dev.sluice.flowcontrol.types;

/**
 * The tokens that a request has used. Immutable.
 *
 * @param inputTokens prompt tokens, at least 0, cached ones included
 * @param cachedInputTokens prompt tokens found in a prefix cache, between 0 and {@code inputTokens}
 * @param outputTokens generated tokens, at least 0
 */
public record Usage(long inputTokens, long cachedInputTokens, long outputTokens) {

  /** The usage of a request that never ran. */
  public static final Usage NONE = new Usage(0, 0, 0);

  /** Rejects negative counts, and more cached than input tokens. */
  public Usage {
    if (inputTokens < 0 || outputTokens < 0) {
      throw new IllegalArgumentException(
          "token counts: got " + inputTokens + " in, " + outputTokens + " out, allowed >= 0");
    }
    if (cachedInputTokens < 0 || cachedInputTokens > inputTokens) {
      throw new IllegalArgumentException(
          "cachedInputTokens: got " + cachedInputTokens + ", allowed 0 to " + inputTokens);
    }
  }

  /** A usage without cached tokens. */
  public static Usage of(long inputTokens, long outputTokens) {
    return new Usage(inputTokens, 0, outputTokens);
  }
}
