package dev.sluice.inference;

/**
 * Estimates from size: {@code ceil(promptBytes / bytesPerToken) + promptTokenIds + mediaParts *
 * tokensPerMedia}.
 *
 * <p>Four bytes per token is the rule of thumb for English prose under tokenizers of 100,000
 * entries or more; code and languages outside the Latin script need fewer bytes per token. What is
 * measured is JSON text, so each message adds about seven tokens for its punctuation and role, near
 * what chat templates add. Costs O(1).
 *
 * @param bytesPerToken above 0, finite
 * @param tokensPerMedia tokens for each image, recording or file, whatever its size in bytes, at
 *     least 0
 */
public record BySize(double bytesPerToken, long tokensPerMedia) implements TokenEstimator {
  /** The name of {@link #DEFAULT} in the configuration. */
  public static final String NAME = "by-size";

  /**
   * Four bytes per token; 1,024 tokens for an image, about what a 1024 x 1024 image takes in
   * current vision models.
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
