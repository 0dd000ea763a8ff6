package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Finds the usage in a JSON answer while the answer passes in pieces of any size. The reader keeps
 * nothing of the answer but the value of the top-level field {@code usage}, up to 64 KiB. If the
 * answer is not JSON, it has no usage; that is not an error.
 *
 * <p>The reader follows strings, escapes and depth byte by byte, and gives only the usage object to
 * the JSON parser. A streaming parser would decode and hold every string of the answer. O(bytes),
 * without allocation per piece. The answer must not be compressed. Not thread-safe.
 */
public final class UsageReader {
  private static final int MAX_USAGE_BYTES = 64 << 10;
  private static final byte[] NAME = "usage".getBytes(StandardCharsets.US_ASCII);

  /** The value of {@code matched} for a name that is not {@code usage}. */
  private static final int MISMATCH = -1;

  private int depth;
  private boolean inString;
  private boolean escaped;

  /** Whether a string at depth 1 would be a name, which comes before a colon, and not a value. */
  private boolean nameExpected;

  private int matched = MISMATCH;
  private boolean usageNamed;

  private boolean capturing;
  private byte[] captured = new byte[256];
  private int capturedBytes;

  private Optional<Usage> usage = Optional.empty();

  /** Reads the usage of an answer that lies in one array. */
  public static Optional<Usage> read(byte[] body) {
    var reader = new UsageReader();
    reader.feed(ByteBuffer.wrap(body));
    return reader.usage();
  }

  /** The usage so far; the last one if the answer has several. */
  public Optional<Usage> usage() {
    return usage;
  }

  /** Reads the next piece of the answer. Its position does not change. */
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
