package dev.sluice.epp;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * Gives an answer the name of the model that the client asked for: {@code "model":"served"}, with
 * or without a space after the colon, becomes {@code "model":"asked"}. A match may be split over
 * pieces: the beginning of one is held back until the next piece. Every other byte stays as it is.
 * Not thread-safe. O(bytes × length of the name) at worst, O(bytes) as a rule.
 */
final class ModelRestore {
  private static final byte[] KEY = "\"model\":".getBytes(US_ASCII);
  private static final int NONE = 0;
  private static final int PARTIAL = -1;

  private final byte[][] searched;
  private final byte[] asked;
  private byte[] held = {};

  /**
   * The restoring of one answer.
   *
   * @param served the name that the model server was asked for
   * @param asked the name that the client asked for
   */
  ModelRestore(String served, String asked) {
    var name = ModelName.written(served);
    searched = new byte[][] {join(KEY, name), join(join(KEY, new byte[] {' '}), name)};
    this.asked = join(KEY, ModelName.written(asked));
  }

  private static byte[] join(byte[] first, byte[] second) {
    var joined = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, joined, first.length, second.length);
    return joined;
  }

  /** Takes a piece, and returns the bytes that may pass now. */
  ByteString pass(ByteString piece) {
    var bytes = join(held, piece.toByteArray());
    var passing = new ByteArrayOutputStream(bytes.length + asked.length);
    var from = 0;
    var at = 0;
    while (at < bytes.length) {
      var match = bytes[at] == KEY[0] ? match(bytes, at) : NONE;
      if (match == PARTIAL) {
        break;
      }
      if (match == NONE) {
        at++;
        continue;
      }
      passing.write(bytes, from, at - from);
      passing.writeBytes(asked);
      at += match;
      from = at;
    }
    passing.write(bytes, from, at - from);
    held = Arrays.copyOfRange(bytes, at, bytes.length);
    return UnsafeByteOperations.unsafeWrap(passing.toByteArray());
  }

  /** The length of the match at a place; {@link #PARTIAL} if the bytes end inside one. */
  private int match(byte[] bytes, int at) {
    for (var each : searched) {
      var length = Math.min(each.length, bytes.length - at);
      if (Arrays.equals(each, 0, length, bytes, at, at + length)) {
        return length == each.length ? length : PARTIAL;
      }
    }
    return NONE;
  }

  /** Takes the bytes that are still held back when the answer is complete. */
  ByteString heldBack() {
    var rest = UnsafeByteOperations.unsafeWrap(held);
    held = new byte[] {};
    return rest;
  }
}
