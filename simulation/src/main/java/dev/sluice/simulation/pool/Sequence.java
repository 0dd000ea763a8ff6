package dev.sluice.simulation.pool;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request on a server, with an owner that is told of its progress. Not thread-safe. */
public final class Sequence {

  /** The sender of a request. */
  public interface Owner {

    /** The prompt was read, and the first token was sent. */
    void started(long nowNanos);

    /** The last token was sent. */
    void finished(long nowNanos);

    /** The server went down before the last token was sent. */
    void failed(long nowNanos);
  }

  final @Nullable Owner owner;
  final long inputTokens;
  final long outputTokens;
  final List<Long> prefixBlocks;
  private long cachedTokens;
  boolean running;
  boolean reading;
  boolean started;
  boolean decoding;
  boolean over;
  long admitted;
  double generatedBefore;
  double workAtStart;
  double workAtEnd;

  /** A request of another sender. Its prompt has nothing in common with other prompts. */
  Sequence(long inputTokens, long outputTokens) {
    this(null, inputTokens, 0, outputTokens, List.of());
  }

  /**
   * A request of ours.
   *
   * @param cachedTokens prompt tokens that the server finds in its cache; ignored by a server with
   *     a prefix cache if {@code prefixBlocks} are known
   * @param prefixBlocks the ids of the prompt's blocks; empty if unknown
   */
  public Sequence(
      @Nullable Owner owner,
      long inputTokens,
      long cachedTokens,
      long outputTokens,
      List<Long> prefixBlocks) {
    this.owner = owner;
    this.inputTokens = inputTokens;
    this.cachedTokens = cachedTokens;
    this.outputTokens = outputTokens;
    this.prefixBlocks = prefixBlocks;
  }

  /** Prompt tokens that the server found in its cache; until it has looked, the expected number. */
  public long cachedTokens() {
    return cachedTokens;
  }

  void cachedTokens(long tokens) {
    cachedTokens = tokens;
  }
}
