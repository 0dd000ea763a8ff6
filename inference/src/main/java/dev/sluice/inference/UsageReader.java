package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Finds the usage in a JSON answer while the answer passes by, in pieces of any size, without
 * keeping it: only the value of the top-level field {@code usage} is kept, up to 64 KiB. An answer
 * that is not JSON has no usage and is no error.
 *
 * <p>The structure is followed byte by byte (strings, escapes, depth) and the one small object goes
 * to the JSON parser: a streaming parser that takes chunks would decode and hold every string of
 * the answer. O(bytes), without allocation per piece. The answer must not be compressed. For one
 * thread.
 */
public final class UsageReader {
  private static final int MAX_USAGE_BYTES = 64 << 10;
  private static final byte[] NAME = "usage".getBytes(StandardCharsets.US_ASCII);

  /** How much of a top-level name has been matched, when it no longer can match. */
  private static final int MISMATCH = -1;

  private int depth;
  private boolean inString;
  private boolean escaped;

  /** Whether a string at depth 1 is a name (before the colon) and not a value. */
  private boolean nameExpected;

  private int matched = MISMATCH;
  private boolean usageNamed;

  private boolean capturing;
  private byte[] captured = new byte[256];
  private int capturedBytes;

  private Optional<Usage> usage = Optional.empty();

  /** The usage of an answer that lies in one array. */
  public static Optional<Usage> read(byte[] body) {
    var reader = new UsageReader();
    reader.feed(ByteBuffer.wrap(body));
    return reader.usage();
  }

  /** The usage seen so far; the last one if an answer has several. */
  public Optional<Usage> usage() {
    return usage;
  }

  /** Takes the next piece of the answer; its position stays as it is. */
  public void feed(ByteBuffer piece) {
    for (int i = piece.position(), end = piece.limit(); i < end; i++) {
      byte b = piece.get(i);
      if (capturing) {
        capture(b);
      }
      if (inString) {
        stringByte(b);
      } else {
        structureByte(b);
      }
    }
  }

  private void stringByte(byte b) {
    if (escaped) {
      escaped = false;
      return;
    }
    if (b == '"') {
      inString = false;
      if (depth == 1 && nameExpected) {
        usageNamed = matched == NAME.length;
      }
      return;
    }
    if (b == '\\') {
      escaped = true;
      matched = MISMATCH;
    } else if (matched != MISMATCH) {
      matched = matched < NAME.length && NAME[matched] == b ? matched + 1 : MISMATCH;
    }
  }

  private void structureByte(byte b) {
    switch (b) {
      case '"' -> {
        inString = true;
        matched = depth == 1 && nameExpected ? 0 : MISMATCH;
      }
      case '{', '[' -> {
        if (depth == 0) {
          nameExpected = b == '{';
        } else if (depth == 1 && usageNamed && !nameExpected && b == '{') {
          capturing = true;
          capturedBytes = 0;
          capture(b);
        }
        depth++;
      }
      case '}', ']' -> {
        depth--;
        if (capturing && depth == 1) {
          capturing = false;
          var found = AnswerJson.usage(captured, 0, capturedBytes);
          usage = found.isPresent() ? found : usage;
        }
      }
      case ':' -> {
        if (depth == 1) {
          nameExpected = false;
        }
      }
      case ',' -> {
        if (depth == 1) {
          nameExpected = true;
          usageNamed = false;
        }
      }
      default -> {}
    }
  }

  private void capture(byte b) {
    if (capturedBytes == MAX_USAGE_BYTES) {
      capturing = false;
      return;
    }
    if (capturedBytes == captured.length) {
      captured = Arrays.copyOf(captured, Math.min(MAX_USAGE_BYTES, 2 * captured.length));
    }
    captured[capturedBytes++] = b;
  }
}
