package dev.sluice.epp;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import dev.sluice.inference.BodySplice;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * The body of a request in the pieces in which it arrived. Nothing is copied: the pieces that are
 * read, and the pieces that are passed on, are views of those that arrived. Not thread-safe.
 */
final class RequestContent {
  /** The protocol recommends pieces of at most 64 KiB; upstream's picker sends as many bytes. */
  static final int LARGEST_PIECE_BYTES = 62_000;

  private List<ByteString> pieces = new ArrayList<>();
  private long sizeBytes;

  void add(ByteString piece) {
    if (!piece.isEmpty()) {
      pieces.add(piece);
      sizeBytes += piece.size();
    }
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /** Views of the pieces, for reading. */
  List<ByteBuffer> views() {
    var views = new ArrayList<ByteBuffer>(pieces.size());
    for (var piece : pieces) {
      views.addAll(piece.asReadOnlyByteBufferList());
    }
    return views;
  }

  /** Edits the body at one place. */
  void splice(BodySplice splice) {
    if (!splice.isNone()) {
      replace(splice.apply(views()));
    }
  }

  private void replace(List<ByteBuffer> edited) {
    pieces = new ArrayList<>(edited.size());
    sizeBytes = 0;
    for (var piece : edited) {
      add(UnsafeByteOperations.unsafeWrap(piece));
    }
  }

  /** Takes the body out, in pieces that are small enough to be passed on. */
  Deque<ByteString> take() {
    var taken = new ArrayDeque<ByteString>();
    for (var piece : pieces) {
      chop(piece, taken);
    }
    release();
    return taken;
  }

  /** Adds a piece to those that are passed on, in as many parts as it needs. */
  static void chop(ByteString piece, Deque<ByteString> parts) {
    for (var from = 0; from < piece.size(); from += LARGEST_PIECE_BYTES) {
      parts.add(piece.substring(from, Math.min(piece.size(), from + LARGEST_PIECE_BYTES)));
    }
  }

  /** Lets the body go. */
  void release() {
    pieces = new ArrayList<>();
  }
}
