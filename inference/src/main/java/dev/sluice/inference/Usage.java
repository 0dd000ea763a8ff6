package dev.sluice.inference;

/**
 * The tokens that a request used, as counted by its model server. Every count is at least 0.
 *
 * @param promptTokens tokens of the prompt, including cached ones
 * @param completionTokens generated tokens of all choices
 * @param totalTokens the total as the server reports it, else the sum of the two
 * @param cachedTokens prompt tokens that the server found in its prefix cache
 */
public record Usage(long promptTokens, long completionTokens, long totalTokens, long cachedTokens) {
  public Usage {
    if (promptTokens < 0 || completionTokens < 0 || totalTokens < 0 || cachedTokens < 0) {
      throw new IllegalArgumentException(
          "usage: a count is negative (prompt, completion, total, cached): "
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
