package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Removes the usage event from a stream, for a client that did not ask for it. The usage event is
 * the one that has a usage and no choices: an empty list of them, null, or no such field. Every
 * other byte passes unchanged and in order.
 *
 * <p>The beginning of an event is held until the event's empty line has come. If an event grows
 * beyond {@link SseUsageReader#MAX_EVENT_BYTES}, it passes as it comes. A piece that consists of
 * whole events, which is the usual case, passes without being copied. Not thread-safe.
 */
public final class UsageEventFilter {
  private final int maxHeldBytes;
  private final SseUsageReader reader;

  private byte[] held = new byte[0];
  private int heldBytes;

  /** Whether the current event has grown too large to be held, and passes as it comes. */
  private boolean passing;

  private boolean lastDropped;

  /** A filter for one stream. */
  public UsageEventFilter() {
    this(SseUsageReader.MAX_EVENT_BYTES);
  }

  UsageEventFilter(int maxEventBytes) {
    this.maxHeldBytes = maxEventBytes;
    this.reader = new SseUsageReader(maxEventBytes);
  }

  /**
   * The reader of this stream's usage. It sees every event, including the removed one. Only this
   * filter may feed it.
   */
  public SseUsageReader reader() {
    return reader;
  }

  /**
   * Takes the next piece of the stream and returns the bytes that may pass now, perhaps none. The
   * result consists of copies of held bytes and of views of {@code piece}, which are valid for as
   * long as its content is. The position of the piece does not change.
   */
  public List<ByteBuffer> feed(ByteBuffer piece) {
    var cuts = new Cuts(piece);
    boolean betweenEvents = heldBytes == 0 && !passing;
    if (betweenEvents && reader.events().beginsWithOwedLineFeed(piece)) {
      cuts.decide(1, !lastDropped);
    }
    reader.feed(piece, (event, end) -> cuts.eventEnds(event, end));
    return cuts.finish();
  }

  /** Ends the stream and returns the bytes that were held. */
  public List<ByteBuffer> end() {
    boolean[] drop = {false};
    reader.events().end((event, end) -> drop[0] = reader.look(event));
    var rest = drop[0] || heldBytes == 0 ? List.<ByteBuffer>of() : List.of(takeHeld());
    heldBytes = 0;
    return rest;
  }

  private ByteBuffer takeHeld() {
    var copy = ByteBuffer.wrap(Arrays.copyOf(held, heldBytes));
    heldBytes = 0;
    return copy;
  }

  private void hold(ByteBuffer part) {
    int size = part.remaining();
    if (held.length < heldBytes + size) {
      held = Arrays.copyOf(held, Math.max(heldBytes + size, 2 * held.length));
    }
    part.get(part.position(), held, heldBytes, size);
    heldBytes += size;
  }

  /**
   * The decisions about one piece. Bytes before {@code decided} are decided; those of them from
   * {@code passFrom} on will pass.
   */
  private final class Cuts {
    private final ByteBuffer piece;
    private final List<ByteBuffer> out = new ArrayList<>(2);
    private int passFrom;
    private int decided;

    Cuts(ByteBuffer piece) {
      this.piece = piece;
    }

    void eventEnds(SseEvents event, int end) {
      boolean drop = reader.look(event) && !passing;
      passing = false;
      lastDropped = drop;
      if (drop) {
        heldBytes = 0;
      } else if (heldBytes > 0) {
        // Held bytes precede this piece, and no byte of this piece has passed yet.
        out.add(takeHeld());
      }
      decide(end, !drop);
    }

    void decide(int end, boolean pass) {
      if (!pass) {
        passUpTo(decided);
        passFrom = end;
      }
      decided = end;
    }

    List<ByteBuffer> finish() {
      int size = piece.remaining();
      if (!passing && heldBytes + (size - decided) > maxHeldBytes) {
        passing = true;
        if (heldBytes > 0) {
          out.addFirst(takeHeld());
        }
      }
      if (passing) {
        decided = size;
      }
      passUpTo(decided);
      if (decided < size) {
        hold(piece.slice(piece.position() + decided, size - decided));
      }
      return out;
    }

    private void passUpTo(int end) {
      if (passFrom < end) {
        out.add(piece.slice(piece.position() + passFrom, end - passFrom));
      }
      passFrom = end;
    }
  }
}
