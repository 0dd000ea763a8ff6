package dev.sluice.inference;

/**
 * What a request used, as its model server counted it, in tokens; every figure is at least 0.
 *
 * @param promptTokens tokens of the prompt, cached ones included
 * @param completionTokens tokens generated, over all choices
 * @param totalTokens as the server says, or the sum of the two where it does not say
 * @param cachedTokens prompt tokens that came from the server's prefix cache
 */
public record Usage(long promptTokens, long completionTokens, long totalTokens, long cachedTokens) {
  public Usage {
    if (promptTokens < 0 || completionTokens < 0 || totalTokens < 0 || cachedTokens < 0) {
      throw new IllegalArgumentException(
          "usage has a negative figure: "
              + promptTokens
              + ", "
              + completionTokens
              + ", "
              + totalTokens
              + ", "
              + cachedTokens);
    }
  }
}
