package dev.sluice.inference;

/**
 * Estimates prompt tokens from the size of the prompt: {@code ceil(promptBytes / bytesPerToken) +
 * promptTokenIds + mediaParts * tokensPerMedia}.
 *
 * <p>Four bytes per token is the rule of thumb for English prose and a tokenizer of 100,000 entries
 * or more. Code and languages outside the Latin script have fewer bytes per token. The prompt is
 * measured as JSON text, so the punctuation and role of each message count as about seven tokens. A
 * chat template adds about as many. O(1).
 *
 * @param bytesPerToken above 0, finite
 * @param tokensPerMedia tokens for each image, recording or file of any size, at least 0
 */
public record BySize(double bytesPerToken, long tokensPerMedia) implements TokenEstimator {
  /**
   * Four bytes per token, and 1,024 tokens for each image. Current vision models use about as many
   * for an image of 1024 x 1024.
   */
  public static final BySize DEFAULT = new BySize(4, 1024);

  public BySize {
    if (!(bytesPerToken > 0) || Double.isInfinite(bytesPerToken)) {
      throw new IllegalArgumentException("bytesPerToken: got " + bytesPerToken + ", allowed > 0");
    }
    if (tokensPerMedia < 0) {
      throw new IllegalArgumentException(
          "tokensPerMedia: got " + tokensPerMedia + ", allowed >= 0");
    }
  }

  @Override
  public long inputTokens(RequestScan request) {
    return (long) Math.ceil(request.promptBytes() / bytesPerToken)
        + request.promptTokenIds()
        + request.mediaParts() * tokensPerMedia;
  }
}
