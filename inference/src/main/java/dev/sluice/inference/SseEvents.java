package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Cuts a byte stream into server-sent events by the rules of the HTML standard: a line ends in CR
 * LF, LF or CR; an empty line ends an event; the values of several data lines are joined by LF; a
 * line that begins with a colon is a comment. If an event is larger than the bound, the rest of it
 * is dropped and the event is marked as cut. Not thread-safe.
 */
final class SseEvents {
  /** Is told of each event, when its empty line has come. */
  interface Listener {
    /**
     * An event has ended. Events without data, such as comments, are reported too.
     *
     * @param end the index just after the event's last byte, in the piece that is being fed
     */
    void event(SseEvents event, int end);
  }

  private static final byte LF = '\n';
  private static final byte CR = '\r';

  private final int maxEventBytes;

  /** The beginning of the current line, which came in earlier pieces. */
  private final Bytes line = new Bytes();

  private final Bytes data = new Bytes();
  private boolean hasData;
  private boolean named;
  private boolean cut;
  private boolean firstLine = true;

  /**
   * Whether the last piece ended in CR, so that an LF at the start of the next one belongs to it.
   */
  private boolean lineFeedOwed;

  SseEvents(int maxEventBytes) {
    this.maxEventBytes = maxEventBytes;
  }

  /**
   * The data of the current event, up to {@link #dataLength()}. Valid until the listener returns.
   */
  byte[] data() {
    return data.bytes;
  }

  int dataLength() {
    return data.size;
  }

  boolean hasData() {
    return hasData;
  }

  /** Whether the event has an {@code event:} field. */
  boolean isNamed() {
    return named;
  }

  /** Whether a part of the event was dropped because the event is too large. */
  boolean isCut() {
    return cut;
  }

  /** Whether {@code piece} begins with the LF of a CR LF whose CR ended the piece before. */
  boolean beginsWithOwedLineFeed(ByteBuffer piece) {
    return lineFeedOwed && piece.hasRemaining() && piece.get(piece.position()) == LF;
  }

  void feed(byte[] bytes, int from, int to, Listener listener) {
    int start = from;
    if (lineFeedOwed && from < to) {
      lineFeedOwed = false;
      start += bytes[from] == LF ? 1 : 0;
    }
    int i = start;
    while (i < to) {
      byte b = bytes[i];
      if (b != LF && b != CR) {
        i++;
        continue;
      }
      int next = i + 1;
      if (b == CR) {
        if (next == to) {
          lineFeedOwed = true;
        } else if (bytes[next] == LF) {
          next++;
        }
      }
      lineEnds(bytes, start, i, next, listener);
      start = next;
      i = next;
    }
    keep(line, bytes, start, to);
  }

  /**
   * Ends the stream. The lines since the last empty line count as an event, because some servers do
   * not end their last event with an empty line.
   */
  void end(Listener listener) {
    lineEnds(line.bytes, 0, 0, 0, listener);
    if (hasData) {
      listener.event(this, 0);
    }
    clear();
  }

  private void lineEnds(byte[] bytes, int from, int to, int next, Listener listener) {
    if (line.size > 0) {
      keep(line, bytes, from, to);
      line(line.bytes, 0, line.size, next, listener);
      line.size = 0;
    } else {
      line(bytes, from, to, next, listener);
    }
  }

  private void line(byte[] bytes, int from, int to, int next, Listener listener) {
    int start = from;
    if (firstLine) {
      firstLine = false;
      start += beginsWithByteOrderMark(bytes, from, to) ? 3 : 0;
    }
    if (start == to) {
      listener.event(this, next);
      clear();
      return;
    }
    if (isField("data", bytes, start, to)) {
      if (hasData) {
        data.append(LF, maxEventBytes);
      }
      hasData = true;
      keep(data, bytes, valueStart(start + 4, bytes, to), to);
    } else if (isField("event", bytes, start, to)) {
      named = true;
    }
  }

  private void keep(Bytes target, byte[] bytes, int from, int to) {
    if (!target.append(bytes, from, to, maxEventBytes)) {
      cut = true;
    }
  }

  private void clear() {
    data.size = 0;
    hasData = false;
    named = false;
    cut = false;
  }

  private static boolean isField(String name, byte[] bytes, int from, int to) {
    int length = name.length();
    if (to - from < length || (to - from > length && bytes[from + length] != ':')) {
      return false;
    }
    for (int i = 0; i < length; i++) {
      if (bytes[from + i] != name.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private static int valueStart(int afterName, byte[] bytes, int to) {
    if (afterName >= to) {
      return to;
    }
    int value = afterName + 1;
    return value < to && bytes[value] == ' ' ? value + 1 : value;
  }

  private static boolean beginsWithByteOrderMark(byte[] bytes, int from, int to) {
    return to - from >= 3
        && bytes[from] == (byte) 0xEF
        && bytes[from + 1] == (byte) 0xBB
        && bytes[from + 2] == (byte) 0xBF;
  }

  /** A growing array of bytes with an upper bound. */
  static final class Bytes {
    private static final int INITIAL = 512;

    /** The largest array that is kept between events. After a large event, memory is given back. */
    private static final int KEPT = 64 << 10;

    byte[] bytes = new byte[INITIAL];
    int size;

    /** Appends as many bytes as the bound allows. Returns false if some did not fit. */
    boolean append(byte[] from, int start, int end, int bound) {
      int count = Math.min(end - start, bound - size);
      grow(size + count);
      System.arraycopy(from, start, bytes, size, count);
      size += count;
      return count == end - start;
    }

    void append(byte b, int bound) {
      if (size < bound) {
        grow(size + 1);
        bytes[size++] = b;
      }
    }

    private void grow(int needed) {
      if (needed > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(needed, 2 * bytes.length));
      } else if (size == 0 && bytes.length > KEPT && needed <= KEPT) {
        bytes = new byte[KEPT];
      }
    }
  }
}
