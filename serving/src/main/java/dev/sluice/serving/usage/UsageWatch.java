package dev.sluice.serving.usage;

import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.inference.SseUsageReader;
import dev.sluice.inference.UsageEventFilter;
import dev.sluice.inference.UsageReader;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Counts the tokens that an answer used while the answer passes by piece by piece. If the client
 * did not ask for the usage event of a stream, the watch takes that event out. Not thread-safe.
 * O(bytes).
 */
public sealed interface UsageWatch {

  /** A watch that lets everything pass and counts nothing. */
  static UsageWatch none() {
    return new Nothing();
  }

  /**
   * The watch for an answer to an inference request.
   *
   * @param status the answer's status; only a 200 is counted
   * @param contentType the value of its {@code content-type}, if any
   * @param contentEncoding the value of its {@code content-encoding}, if any
   * @param hidden whether the usage event is taken out of a stream, unless the stream is compressed
   */
  static UsageWatch of(
      int status, @Nullable String contentType, @Nullable String contentEncoding, boolean hidden) {
    if (status != 200 || contentType == null) {
      return none();
    }
    var type = contentType.toLowerCase(Locale.ROOT);
    if (type.startsWith("text/event-stream")) {
      var plain = contentEncoding == null || contentEncoding.equalsIgnoreCase("identity");
      return hidden && plain ? new HiddenUsage() : new Events(new SseUsageReader());
    }
    return type.startsWith("application/json") ? new Json() : none();
  }

  /** True if the client may get fewer bytes than the endpoint sent. */
  default boolean shortens() {
    return false;
  }

  /**
   * Reads a piece and returns the bytes that may pass now: the piece itself, or other bytes, or
   * none. The result may be views of the piece, whose position stays as it is.
   */
  List<ByteBuffer> feed(ByteBuffer piece);

  /** Whether {@code step} more events with content came. If so, counting begins anew. */
  default boolean advanced(int step) {
    return false;
  }

  /** The bytes that are still held back when the answer is complete. To be called once. */
  default List<ByteBuffer> heldBack() {
    return List.of();
  }

  /**
   * The tokens used so far.
   *
   * @param estimatedInput the prompt's tokens if the answer does not say how many they were
   */
  Usage used(long estimatedInput);

  /** The watch of an answer that says nothing about tokens. */
  final class Nothing implements UsageWatch {
    private Nothing() {}

    @Override
    public List<ByteBuffer> feed(ByteBuffer piece) {
      return List.of(piece);
    }

    @Override
    public Usage used(long estimatedInput) {
      return Usage.NONE;
    }
  }

  /** The watch of an answer that is one JSON object. */
  final class Json implements UsageWatch {
    private final UsageReader reader = new UsageReader();

    private Json() {}

    @Override
    public List<ByteBuffer> feed(ByteBuffer piece) {
      reader.feed(piece);
      return List.of(piece);
    }

    @Override
    public Usage used(long estimatedInput) {
      return reported(reader.usage()).orElse(Usage.of(estimatedInput, 0));
    }
  }

  /**
   * The watch of a stream. Each event with content counts as a token until the stream says more.
   */
  final class Events implements UsageWatch {
    private final SseUsageReader reader;
    private long eventsAtLastStep;

    private Events(SseUsageReader reader) {
      this.reader = reader;
    }

    @Override
    public List<ByteBuffer> feed(ByteBuffer piece) {
      reader.feed(piece);
      return List.of(piece);
    }

    @Override
    public boolean advanced(int step) {
      if (reader.contentEvents() < eventsAtLastStep + step) {
        return false;
      }
      eventsAtLastStep = reader.contentEvents();
      return true;
    }

    @Override
    public List<ByteBuffer> heldBack() {
      reader.end();
      return List.of();
    }

    @Override
    public Usage used(long estimatedInput) {
      return reported(reader.usage()).orElse(Usage.of(estimatedInput, reader.contentEvents()));
    }
  }

  /** The watch of a stream whose usage event the client must not see. */
  final class HiddenUsage implements UsageWatch {
    private final UsageEventFilter filter = new UsageEventFilter();
    private final Events events = new Events(filter.reader());

    private HiddenUsage() {}

    @Override
    public boolean shortens() {
      return true;
    }

    @Override
    public List<ByteBuffer> feed(ByteBuffer piece) {
      return filter.feed(piece);
    }

    @Override
    public boolean advanced(int step) {
      return events.advanced(step);
    }

    @Override
    public List<ByteBuffer> heldBack() {
      return filter.end();
    }

    @Override
    public Usage used(long estimatedInput) {
      return events.used(estimatedInput);
    }
  }

  /** Flow control's form of the usage that an endpoint reported. */
  private static Optional<Usage> reported(Optional<dev.sluice.inference.Usage> usage) {
    return usage.map(used ->
        new Usage(
            used.promptTokens(),
            Math.min(used.cachedTokens(), used.promptTokens()),
            used.completionTokens()));
  }
}
