package dev.sluice.simulation.pool;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** One request on a server. Its owner is told what happens to it. Not thread-safe. */
public final class Sequence {

  /** Who sent it. */
  public interface Owner {

    /** The prompt has been read: the first token is out. */
    void started(long nowNanos);

    /** It is finished. */
    void finished(long nowNanos);

    /** The server went down under it. */
    void failed(long nowNanos);
  }

  final @Nullable Owner owner;
  final long inputTokens;
  final long outputTokens;
  final List<Long> prefixBlocks;
  private long cachedTokens;
  boolean running;
  boolean started;
  boolean decoding;
  boolean over;
  long admitted;
  double generatedBefore;
  double workAtStart;
  double workAtEnd;

  /** A request from elsewhere, that shares no prompt with others. */
  Sequence(long inputTokens, long outputTokens) {
    this(null, inputTokens, 0, outputTokens, List.of());
  }

  /**
   * A request of ours.
   *
   * @param cachedTokens prompt tokens that the server finds in its cache, unless it knows better
   * @param prefixBlocks the ids of its prompt's blocks; empty if unknown
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

  /** Prompt tokens that the server found in its cache; what was expected until it has looked. */
  public long cachedTokens() {
    return cachedTokens;
  }

  void cachedTokens(long tokens) {
    cachedTokens = tokens;
  }
}
