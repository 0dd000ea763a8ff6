package dev.sluice.inference;

import java.nio.charset.StandardCharsets;

/**
 * Finds out from the names in an event's JSON whether the event carries content or a usage object,
 * without parsing it.
 *
 * <p>Outside a string, a quote before a colon always closes a name. Inside a string, every quote
 * follows a backslash. A pattern is a name and the quote that closes it, so it matches at the end
 * of a name and nowhere inside a string.
 */
final class EventMarks {
  /** The event carries generated text: a content name with a non-empty string. */
  static final int CONTENT = 1;

  /** The event has a usage object (not null). */
  static final int USAGE = 2;

  private static final byte[][] USAGE_NAMES = {
    ascii("usage\""), ascii("\"meta_info\""), ascii("\"details\""), ascii("\"timings\"")
  };

  /**
   * Names of content. The pattern {@code content} also matches {@code reasoning_content}; {@code
   * arguments} are the arguments of a tool call.
   */
  private static final byte[][] CONTENT_NAMES = {
    ascii("content\""), ascii("text\""), ascii("reasoning\""), ascii("arguments\"")
  };

  /**
   * The name of new content in streams whose events have names. In the Responses API it is a text,
   * and some events repeat whole texts under other names. In Anthropic's API it is an object.
   */
  private static final byte[] DELTA_NAME = ascii("delta\"");

  private EventMarks() {}

  static int of(byte[] data, int length, boolean namedEvent) {
    int marks = 0;
    for (int i = 1; i < length; i++) {
      if (data[i] != ':') {
        continue;
      }
      int quote = lastNonSpace(data, i - 1);
      int value = firstNonSpace(data, i + 1, length);
      if (quote < 0 || data[quote] != '"' || value >= length) {
        continue;
      }
      if (data[value] == '{') {
        if (namesUsage(data, quote + 1)) {
          marks |= USAGE;
        } else if (namedEvent && endsWith(data, quote + 1, DELTA_NAME)) {
          marks |= CONTENT;
        }
      } else if (data[value] == '"'
          && value + 1 < length
          && data[value + 1] != '"'
          && namesContent(data, quote + 1, namedEvent)) {
        marks |= CONTENT;
      }
    }
    return marks;
  }

  private static boolean namesUsage(byte[] data, int end) {
    for (var name : USAGE_NAMES) {
      if (endsWith(data, end, name)) {
        return true;
      }
    }
    return false;
  }

  private static boolean namesContent(byte[] data, int end, boolean namedEvent) {
    if (namedEvent) {
      return endsWith(data, end, DELTA_NAME);
    }
    for (var name : CONTENT_NAMES) {
      if (endsWith(data, end, name)) {
        return true;
      }
    }
    return false;
  }

  private static boolean endsWith(byte[] data, int end, byte[] suffix) {
    int start = end - suffix.length;
    if (start < 0) {
      return false;
    }
    for (int i = 0; i < suffix.length; i++) {
      if (data[start + i] != suffix[i]) {
        return false;
      }
    }
    return true;
  }

  private static int lastNonSpace(byte[] data, int from) {
    int i = from;
    while (i >= 0 && isSpace(data[i])) {
      i--;
    }
    return i;
  }

  private static int firstNonSpace(byte[] data, int from, int length) {
    int i = from;
    while (i < length && isSpace(data[i])) {
      i++;
    }
    return i;
  }

  private static boolean isSpace(byte b) {
    return b == ' ' || b == '\t' || b == '\n' || b == '\r';
  }

  private static byte[] ascii(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }
}
