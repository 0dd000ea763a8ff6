package dev.sluice.simulation.pool;

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
  final long uncachedTokens;
  final long outputTokens;
  boolean running;
  boolean started;
  boolean decoding;
  boolean over;
  long admitted;
  double generatedBefore;
  double workAtStart;
  double workAtEnd;

  /** A request of ours; {@code null} owns one from elsewhere. */
  public Sequence(@Nullable Owner owner, long inputTokens, long cachedTokens, long outputTokens) {
    this.owner = owner;
    this.inputTokens = inputTokens;
    this.uncachedTokens = inputTokens - cachedTokens;
    this.outputTokens = outputTokens;
  }
}
