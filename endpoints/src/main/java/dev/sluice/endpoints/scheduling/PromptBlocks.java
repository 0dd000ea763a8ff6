package dev.sluice.endpoints.scheduling;

/**
 * The hashes of a prompt's blocks. A block's hash covers the block and all before it, so two
 * prompts have a block's hash in common if they begin with the same text up to the block's end.
 * Immutable.
 */
public final class PromptBlocks {
  /** The tokens that a block is taken to have. */
  public static final int TOKENS_PER_BLOCK = 64;

  /** A prompt that was not read. */
  public static final PromptBlocks NONE = new PromptBlocks(new long[0], 0);

  private final long[] hashes;
  private final int count;

  private PromptBlocks(long[] hashes, int count) {
    this.hashes = hashes;
    this.count = count;
  }

  /** The first {@code count} of {@code hashes}, which the caller must not change afterwards. */
  public static PromptBlocks of(long[] hashes, int count) {
    if (count < 0 || count > hashes.length) {
      throw new IllegalArgumentException("count: got " + count + ", allowed 0 to " + hashes.length);
    }
    return count == 0 ? NONE : new PromptBlocks(hashes, count);
  }

  /** The number of blocks. */
  public int count() {
    return count;
  }

  /** The hash of the block at {@code index}, from 0. */
  public long hash(int index) {
    return hashes[index];
  }
}
