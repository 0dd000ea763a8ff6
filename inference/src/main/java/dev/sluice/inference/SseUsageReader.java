package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Reads along in a streamed answer: whether the first token has come, about how many tokens have
 * come, and the usage. The stream may be cut into pieces anywhere.
 *
 * <p>An event is parsed as JSON only if it has a usage object. In any other event, the reader looks
 * only at the names before colons. It holds at most 1 MiB of an event and ignores the rest of a
 * larger one. One pass; pieces after the first allocate nothing unless they are larger. Not
 * thread-safe.
 */
public final class SseUsageReader {
  /** The largest event that is read completely, in bytes. */
  public static final int MAX_EVENT_BYTES = 1 << 20;

  private final SseEvents events;
  private byte[] heap = new byte[0];

  private long dataEvents;
  private long contentEvents;
  private boolean done;
  private Optional<Usage> usage = Optional.empty();

  /** The prompt's tokens, which Anthropic's streams tell before the output and not again. */
  private Optional<Usage> start = Optional.empty();

  /** A reader for one stream. */
  public SseUsageReader() {
    this(MAX_EVENT_BYTES);
  }

  SseUsageReader(int maxEventBytes) {
    this.events = new SseEvents(maxEventBytes);
  }

  /** Reads the next piece of the stream, heap or direct. Its position does not change. O(bytes). */
  public void feed(ByteBuffer piece) {
    feed(piece, (event, end) -> look(event));
  }

  /**
   * Reads the next piece and calls {@code listener} for each event. The indices count from the
   * position of the piece.
   */
  void feed(ByteBuffer piece, SseEvents.Listener listener) {
    int size = piece.remaining();
    if (heap.length < size) {
      heap = new byte[size];
    }
    piece.get(piece.position(), heap, 0, size);
    events.feed(heap, 0, size, listener);
  }

  /** Ends the stream, so that a last event without an empty line counts too. */
  public void end() {
    events.end((event, end) -> look(event));
  }

  /** Whether an event with generated content has come. */
  public boolean firstTokenSeen() {
    return contentEvents > 0;
  }

  /**
   * The number of events with generated content so far. If the server sends an event for each
   * token, this is the number of tokens; if it puts several tokens into an event, there are more.
   */
  public long contentEvents() {
    return contentEvents;
  }

  /** The number of events with data so far, without {@code [DONE]}. */
  public long dataEvents() {
    return dataEvents;
  }

  /** Whether the stream's end marker {@code [DONE]} has come. */
  public boolean done() {
    return done;
  }

  /** The last usage that the stream has reported. */
  public Optional<Usage> usage() {
    return usage;
  }

  SseEvents events() {
    return events;
  }

  /** Reads an event. Returns true if it carries nothing but the usage. */
  boolean look(SseEvents event) {
    if (!event.hasData()) {
      return false;
    }
    byte[] data = event.data();
    int length = event.dataLength();
    if (isDoneMarker(data, length)) {
      done = true;
      return false;
    }
    dataEvents++;
    int marks = EventMarks.of(data, length, event.isNamed());
    if ((marks & EventMarks.CONTENT) != 0) {
      contentEvents++;
    }
    if ((marks & EventMarks.USAGE) == 0 || event.isCut()) {
      return false;
    }
    var said = AnswerJson.event(data, 0, length);
    start = said.start().isPresent() ? said.start() : start;
    usage = said.usage().isPresent() ? said.usage().map(this::withStart) : usage;
    return said.usageOnly();
  }

  private Usage withStart(Usage told) {
    if (told.promptTokens() > 0 || start.isEmpty()) {
      return told;
    }
    var prompt = start.get().promptTokens();
    var output = told.completionTokens();
    return new Usage(prompt, output, prompt + output, start.get().cachedTokens());
  }

  private static boolean isDoneMarker(byte[] data, int length) {
    return length >= 6
        && data[0] == '['
        && data[1] == 'D'
        && data[2] == 'O'
        && data[3] == 'N'
        && data[4] == 'E'
        && data[5] == ']';
  }
}
