package dev.sluice.gateway;

import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.inference.SseUsageReader;
import dev.sluice.inference.UsageReader;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads a passing answer for the tokens that it says, or shows, to have used. Not thread-safe. */
sealed interface UsageWatch {

  /** Looks at nothing, and says that nothing was used. */
  UsageWatch NONE = new Nothing();

  /** The watch for an answer of a content type. */
  static UsageWatch of(@Nullable String contentType) {
    var type = contentType == null ? "" : contentType.toLowerCase(Locale.ROOT);
    if (type.startsWith("text/event-stream")) {
      return new Events();
    }
    return type.startsWith("application/json") ? new Json() : NONE;
  }

  /** Reads a piece; true each time that {@code step} more events of content have been seen. */
  boolean feed(ByteBuffer piece, int step);

  /**
   * What has been used so far; {@code estimatedInput} stands in for what the answer does not say.
   */
  Usage soFar(long estimatedInput);

  /** What was used in all: the answer is complete. */
  Usage total(long estimatedInput);

  /** No answer of ours to read. */
  final class Nothing implements UsageWatch {
    @Override
    public boolean feed(ByteBuffer piece, int step) {
      return false;
    }

    @Override
    public Usage soFar(long estimatedInput) {
      return Usage.NONE;
    }

    @Override
    public Usage total(long estimatedInput) {
      return Usage.NONE;
    }
  }

  /** An answer in one piece. */
  final class Json implements UsageWatch {
    private final UsageReader reader = new UsageReader();

    @Override
    public boolean feed(ByteBuffer piece, int step) {
      reader.feed(piece);
      return false;
    }

    @Override
    public Usage soFar(long estimatedInput) {
      return said(reader.usage()).orElse(Usage.of(estimatedInput, 0));
    }

    @Override
    public Usage total(long estimatedInput) {
      return soFar(estimatedInput);
    }
  }

  /** A stream of events: one with content counts as a token, unless the stream says it better. */
  final class Events implements UsageWatch {
    private final SseUsageReader reader = new SseUsageReader();
    private long nextStep;

    @Override
    public boolean feed(ByteBuffer piece, int step) {
      reader.feed(piece);
      if (reader.contentEvents() < nextStep + step) {
        return false;
      }
      nextStep = reader.contentEvents();
      return true;
    }

    @Override
    public Usage soFar(long estimatedInput) {
      return said(reader.usage()).orElse(Usage.of(estimatedInput, reader.contentEvents()));
    }

    @Override
    public Usage total(long estimatedInput) {
      reader.end();
      return soFar(estimatedInput);
    }
  }

  private static Optional<Usage> said(Optional<dev.sluice.inference.Usage> usage) {
    return usage.map(used ->
        new Usage(
            used.promptTokens(),
            Math.min(used.cachedTokens(), used.promptTokens()),
            used.completionTokens()));
  }
}
