package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Takes the usage event out of a stream, for a client that did not ask for it: the event whose list
 * of choices is empty and that has a usage. Every other byte passes unchanged and in order.
 *
 * <p>An event passes as soon as its empty line came; the beginning of an event is held until then,
 * up to {@link SseUsageReader#MAX_EVENT_BYTES}, above which the event passes as it comes. Pieces
 * that consist of whole events, the usual case, pass without being copied. For one thread.
 */
public final class UsageEventFilter {
  private final int maxHeldBytes;
  private final SseUsageReader reader;

  private byte[] held = new byte[0];
  private int heldBytes;

  /** Whether the event that is coming has grown too large to be held and passes as it comes. */
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

  /** What the stream says; it sees every event, the dropped one too. Not to be fed by others. */
  public SseUsageReader reader() {
    return reader;
  }

  /**
   * Takes the next piece and returns what may pass on now, perhaps nothing. The result are views of
   * {@code piece}, valid as long as its content is, and copies of what was held. The piece's
   * position stays as it is.
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

  /** Ends the stream and returns what was held. */
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
   * The decisions about one piece. Bytes before {@code decided} are decided, those from {@code
   * passFrom} on pass.
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
        // Held bytes come before everything of this piece, of which nothing can have passed yet.
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
