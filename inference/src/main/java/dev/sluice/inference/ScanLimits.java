package dev.sluice.inference;

/**
 * Limits on the values in a request body. A body that exceeds one is refused.
 *
 * @param maxOutputTokens largest accepted output limit, in tokens, at least 1
 * @param maxChoices largest accepted {@code n}, at least 1
 * @param maxDepth deepest accepted nesting of arrays and objects, at least 8
 * @param maxModelChars longest accepted model name, in UTF-16 units, at least 1
 */
public record ScanLimits(long maxOutputTokens, int maxChoices, int maxDepth, int maxModelChars) {
  /**
   * Accepts as many output tokens as a 32-bit counter holds, 1,024 choices, 256 levels of nesting,
   * and model names of 1,024 characters.
   */
  public static final ScanLimits DEFAULT = new ScanLimits(Integer.MAX_VALUE, 1024, 256, 1024);

  public ScanLimits {
    requireAtLeast(1, maxOutputTokens, "maxOutputTokens");
    requireAtLeast(1, maxChoices, "maxChoices");
    requireAtLeast(8, maxDepth, "maxDepth");
    requireAtLeast(1, maxModelChars, "maxModelChars");
  }

  private static void requireAtLeast(long least, long given, String name) {
    if (given < least) {
      throw new IllegalArgumentException(name + ": got " + given + ", allowed >= " + least);
    }
  }
}
