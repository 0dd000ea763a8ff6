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

  /** A watch that lets everything pass and counts nothing: what was used stays unknown. */
  static UsageWatch none() {
    return new Nothing(Optional.empty());
  }

  /**
   * The watch for an answer to an inference request.
   *
   * @param status the answer's status; only a 200 is counted. After a client's error, a 501 or a
   *     503 nothing was used, because the endpoint refused to serve the request. Any other error
   *     may come after work, so what was used is unknown
   * @param contentType the value of its {@code content-type}, if any
   * @param contentEncoding the value of its {@code content-encoding}, if any
   * @param hidden whether the usage event is taken out of a stream, unless the stream is compressed
   */
  static UsageWatch of(
      int status, @Nullable String contentType, @Nullable String contentEncoding, boolean hidden) {
    if (isRefusal(status)) {
      return new Nothing(Optional.of(Usage.NONE));
    }
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

  /** The usage that the endpoint reported last; empty if it has reported none. */
  Optional<Usage> reported();

  /**
   * The tokens used so far, as far as they were seen. A prompt of 0 tokens is one that the endpoint
   * has not counted yet.
   */
  default Usage seen() {
    return reported().orElse(Usage.NONE);
  }

  private static boolean isRefusal(int status) {
    return (status >= 400 && status < 500) || status == 501 || status == 503;
  }

  /** The watch of an answer that says nothing about tokens. */
  final class Nothing implements UsageWatch {
    private final Optional<Usage> used;

    private Nothing(Optional<Usage> used) {
      this.used = used;
    }

    @Override
    public List<ByteBuffer> feed(ByteBuffer piece) {
      return List.of(piece);
    }

    @Override
    public Optional<Usage> reported() {
      return used;
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
    public Optional<Usage> reported() {
      return UsageWatch.inOurForm(reader.usage());
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
    public Optional<Usage> reported() {
      return UsageWatch.inOurForm(reader.usage());
    }

    @Override
    public Usage seen() {
      return reported().orElse(Usage.of(0, reader.contentEvents()));
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
    public Optional<Usage> reported() {
      return events.reported();
    }

    @Override
    public Usage seen() {
      return events.seen();
    }
  }

  /** Flow control's form of the usage that an endpoint reported. */
  private static Optional<Usage> inOurForm(Optional<dev.sluice.inference.Usage> usage) {
    return usage.map(used ->
        new Usage(
            used.promptTokens(),
            Math.min(used.cachedTokens(), used.promptTokens()),
            used.completionTokens()));
  }
}
