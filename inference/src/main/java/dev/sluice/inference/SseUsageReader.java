package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * Watches a stream of server-sent events as its bytes pass by: when the first token came, about how
 * many tokens have come, and the usage. Pieces may be cut anywhere.
 *
 * <p>An event is parsed as JSON only if it holds a usage object; of all others only the names
 * before colons are looked at. At most 1 MiB of an event is held; of a larger one the rest is not
 * seen. One pass, no allocation per piece beyond the first. For one thread.
 */
public final class SseUsageReader {
  /** The size above which an event is not understood, in bytes. */
  public static final int MAX_EVENT_BYTES = 1 << 20;

  private final SseEvents events;
  private byte[] heap = new byte[0];

  private long dataEvents;
  private long contentEvents;
  private boolean done;
  private Optional<Usage> usage = Optional.empty();

  /** A reader for one stream. */
  public SseUsageReader() {
    this(MAX_EVENT_BYTES);
  }

  SseUsageReader(int maxEventBytes) {
    this.events = new SseEvents(maxEventBytes);
  }

  /** Takes the next piece of the stream, heap or direct; its position stays as it is. O(bytes). */
  public void feed(ByteBuffer piece) {
    feed(piece, (event, end) -> look(event));
  }

  /**
   * Takes the next piece and has {@code listener} called, with indices from the piece's position,
   * for each event.
   */
  void feed(ByteBuffer piece, SseEvents.Listener listener) {
    int size = piece.remaining();
    if (heap.length < size) {
      heap = new byte[size];
    }
    piece.get(piece.position(), heap, 0, size);
    events.feed(heap, 0, size, listener);
  }

  /** Says that the stream ended, so that a last event without its empty line counts. */
  public void end() {
    events.end((event, end) -> look(event));
  }

  /** Whether an event with generated content has come. */
  public boolean firstTokenSeen() {
    return contentEvents > 0;
  }

  /**
   * How many events with generated content have come: the tokens so far, for servers that send each
   * token at once; fewer than the tokens for servers that send several in one event.
   */
  public long contentEvents() {
    return contentEvents;
  }

  /** How many events with data have come, {@code [DONE]} aside. */
  public long dataEvents() {
    return dataEvents;
  }

  /** Whether the stream's end marker {@code [DONE]} has come. */
  public boolean done() {
    return done;
  }

  /** The latest usage that the stream told. */
  public Optional<Usage> usage() {
    return usage;
  }

  SseEvents events() {
    return events;
  }

  /** Takes note of an event; true if it carries nothing but the usage. */
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
    usage = said.usage().isPresent() ? said.usage() : usage;
    return said.usageOnly();
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
