package dev.sluice.inference;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Finds the usage in a JSON answer while the answer passes in pieces of any size. The reader keeps
 * nothing of the answer but the value of the top-level field {@code usage}, up to 64 KiB, or of a
 * field with another name that some servers give it. If the answer is not JSON, it has no usage;
 * that is not an error.
 *
 * <p>The reader follows strings, escapes and depth byte by byte, and gives only the usage object to
 * the JSON parser. A streaming parser would decode and hold every string of the answer. O(bytes),
 * without allocation per piece. The answer must not be compressed. Not thread-safe.
 */
public final class UsageReader {
  private static final int MAX_USAGE_BYTES = 64 << 10;

  /**
   * The names of objects that tell a usage, the most trusted first: OpenAI's and Anthropic's,
   * SGLang's, Text Generation Inference's, and llama.cpp's.
   */
  private static final byte[][] NAMES = {
    ascii("usage"), ascii("meta_info"), ascii("details"), ascii("timings")
  };

  private static final int LONGEST_NAME = 9;

  /** The index of a name that is none of {@code NAMES}. */
  private static final int OTHER = NAMES.length;

  private int depth;
  private boolean inString;
  private boolean escaped;

  /** Whether a string at depth 1 would be a name, which comes before a colon, and not a value. */
  private boolean nameExpected;

  /** The beginning of the name that is being read; longer than any of ours if it is too long. */
  private final byte[] name = new byte[LONGEST_NAME + 1];

  private int nameBytes;
  private int named = OTHER;

  private boolean capturing;
  private byte[] captured = new byte[256];
  private int capturedBytes;

  private Optional<Usage> usage = Optional.empty();

  /** The index of the name that {@code usage} was found under. */
  private int foundUnder = OTHER;

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
        named = indexOfName();
      }
      return;
    }
    if (b == '\\') {
      escaped = true;
    }
    if (nameBytes <= LONGEST_NAME) {
      name[nameBytes++] = b;
    }
  }

  private int indexOfName() {
    for (var i = 0; i < NAMES.length; i++) {
      if (Arrays.equals(NAMES[i], 0, NAMES[i].length, name, 0, nameBytes)) {
        return i;
      }
    }
    return OTHER;
  }

  private void structureByte(byte b) {
    switch (b) {
      case '"' -> {
        inString = true;
        nameBytes = depth == 1 && nameExpected ? 0 : LONGEST_NAME + 1;
      }
      case '{', '[' -> {
        if (depth == 0) {
          nameExpected = b == '{';
        } else if (depth == 1
            && named <= foundUnder
            && named != OTHER
            && !nameExpected
            && b == '{') {
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
          if (found.isPresent()) {
            usage = found;
            foundUnder = named;
          }
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
          named = OTHER;
        }
      }
      default -> {}
    }
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
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
