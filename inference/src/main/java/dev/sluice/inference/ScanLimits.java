package dev.sluice.inference;

/**
 * Limits on the values in a request body. A body that is nested deeper, or names a longer model, is
 * refused. A number that is larger counts as the limit.
 *
 * @param maxOutputTokens largest output limit that counts, in tokens, at least 1
 * @param maxChoices largest {@code n} that counts, at least 1
 * @param maxDepth deepest accepted nesting of arrays and objects, at least 8
 * @param maxModelChars longest accepted model name, in UTF-16 units, at least 1
 */
public record ScanLimits(long maxOutputTokens, int maxChoices, int maxDepth, int maxModelChars) {
  /**
   * Counts as many output tokens as a 32-bit counter holds, and a million choices; accepts 256
   * levels of nesting, and model names of 1,024 characters.
   */
  public static final ScanLimits DEFAULT = new ScanLimits(Integer.MAX_VALUE, 1 << 20, 256, 1024);

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
