package dev.sluice.gateway;

import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.inference.SseUsageReader;
import dev.sluice.inference.UsageEventFilter;
import dev.sluice.inference.UsageReader;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads a passing answer for the tokens that it says, or shows, to have used; and takes the event
 * with the usage out of a stream whose client did not ask for it. Not thread-safe.
 */
sealed interface UsageWatch {

  /** Looks at nothing, and says that nothing was used. */
  static UsageWatch none() {
    return new Nothing();
  }

  /**
   * The watch for an answer of a content type.
   *
   * @param hidden whether the client is not to see the event with the usage
   */
  static UsageWatch of(@Nullable String contentType, boolean hidden) {
    var type = contentType == null ? "" : contentType.toLowerCase(Locale.ROOT);
    if (type.startsWith("text/event-stream")) {
      return hidden ? new HiddenUsage() : new Events(new SseUsageReader());
    }
    return type.startsWith("application/json") ? new Json() : none();
  }

  /** Whether the answer passes on with fewer bytes than it came with. */
  default boolean shortens() {
    return false;
  }

  /**
   * Reads a piece and says what may pass on now: the piece itself, or other bytes, maybe none. The
   * piece becomes its own, what it returns its caller's to release.
   */
  ByteBuf feed(ByteBuf piece);

  /** Whether {@code step} more events of content have been seen since it last said so. */
  default boolean advanced(int step) {
    return false;
  }

  /** What was held back of the answer, which is complete. To be asked once. */
  default ByteBuf rest() {
    return Unpooled.EMPTY_BUFFER;
  }

  /**
   * What has been used so far; {@code estimatedInput} stands in for what the answer does not say.
   */
  Usage used(long estimatedInput);

  /** No answer of ours to read. */
  final class Nothing implements UsageWatch {
    @Override
    public ByteBuf feed(ByteBuf piece) {
      return piece;
    }

    @Override
    public Usage used(long estimatedInput) {
      return Usage.NONE;
    }
  }

  /** An answer in one piece. */
  final class Json implements UsageWatch {
    private final UsageReader reader = new UsageReader();

    @Override
    public ByteBuf feed(ByteBuf piece) {
      reader.feed(view(piece));
      return piece;
    }

    @Override
    public Usage used(long estimatedInput) {
      return said(reader.usage()).orElse(Usage.of(estimatedInput, 0));
    }
  }

  /** A stream of events: one with content counts as a token, unless the stream says it better. */
  final class Events implements UsageWatch {
    private final SseUsageReader reader;
    private long reported;

    Events(SseUsageReader reader) {
      this.reader = reader;
    }

    @Override
    public ByteBuf feed(ByteBuf piece) {
      reader.feed(view(piece));
      return piece;
    }

    @Override
    public boolean advanced(int step) {
      if (reader.contentEvents() < reported + step) {
        return false;
      }
      reported = reader.contentEvents();
      return true;
    }

    @Override
    public ByteBuf rest() {
      reader.end();
      return Unpooled.EMPTY_BUFFER;
    }

    @Override
    public Usage used(long estimatedInput) {
      return said(reader.usage()).orElse(Usage.of(estimatedInput, reader.contentEvents()));
    }
  }

  /** A stream of events of which the one with nothing but the usage is not passed on. */
  final class HiddenUsage implements UsageWatch {
    private final UsageEventFilter filter = new UsageEventFilter();
    private final Events events = new Events(filter.reader());

    @Override
    public boolean shortens() {
      return true;
    }

    @Override
    public ByteBuf feed(ByteBuf piece) {
      var passing = filter.feed(view(piece));
      if (passing.size() == 1 && passing.getFirst().remaining() == piece.readableBytes()) {
        return piece;
      }
      var joined = join(passing);
      piece.release();
      return joined;
    }

    @Override
    public boolean advanced(int step) {
      return events.advanced(step);
    }

    @Override
    public ByteBuf rest() {
      return join(filter.end());
    }

    @Override
    public Usage used(long estimatedInput) {
      return events.used(estimatedInput);
    }

    private static ByteBuf join(List<ByteBuffer> pieces) {
      return pieces.isEmpty()
          ? Unpooled.EMPTY_BUFFER
          : Unpooled.copiedBuffer(pieces.toArray(ByteBuffer[]::new));
    }
  }

  private static ByteBuffer view(ByteBuf piece) {
    return piece.nioBuffer();
  }

  private static Optional<Usage> said(Optional<dev.sluice.inference.Usage> usage) {
    return usage.map(used ->
        new Usage(
            used.promptTokens(),
            Math.min(used.cachedTokens(), used.promptTokens()),
            used.completionTokens()));
  }
}
