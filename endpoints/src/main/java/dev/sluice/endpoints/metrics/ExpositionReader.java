package dev.sluice.endpoints.metrics;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Reads pages in Prometheus' text format and in OpenMetrics text. Objects are made of wanted
 * samples only: a line with another name is skipped after its name. The reader understands
 * comments, escapes in label values, timestamps, exemplars, NaN and infinities, quoted UTF-8 names,
 * blanks wherever the formats allow them, CRLF, and a last line without an end.
 *
 * <p>A broken line of a wanted sample is counted and skipped; other lines are not checked.
 * Timestamps and exemplars are checked and dropped.
 *
 * <p>A page has hundreds of kilobytes and is read twenty times a second, so this is one
 * hand-written scanner over the bytes. This class is long because all methods of the scanner share
 * the position in the page.
 *
 * <p>Not thread-safe. One reader reads any number of pages, one after the other. O(page), and
 * garbage only for wanted samples.
 */
public final class ExpositionReader {
  private static final double[] POWERS_OF_TEN = {
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15
  };

  /** Every number of at most this many digits is exact as a double. */
  private static final int EXACT_DIGITS = 15;

  private static final byte NAME_START = 1;
  private static final byte NAME_PART = 2;
  private static final byte LABEL_START = 4;
  private static final byte LABEL_PART = 8;
  private static final byte[] KINDS = kinds();

  private final @Nullable String[] wantedNames;
  private final byte[][] wantedBytes;
  private final int[] wantedHashes;
  private final int mask;

  private byte[] page = {};
  private int position;
  private int lineEnd;
  private double number;
  private byte[] scratch = new byte[64];

  /** A reader of the samples with these names, spelled as on the page. */
  public ExpositionReader(Set<String> wanted) {
    var size = Math.max(4, Integer.highestOneBit(Math.max(1, wanted.size())) << 2);
    wantedNames = new @Nullable String[size];
    wantedBytes = new byte[size][0];
    wantedHashes = new int[size];
    mask = size - 1;
    for (var name : wanted) {
      var bytes = name.getBytes(UTF_8);
      var hash = 0;
      for (var b : bytes) {
        hash = 31 * hash + b;
      }
      var slot = slot(hash);
      while (wantedNames[slot] != null) {
        slot = (slot + 1) & mask;
      }
      wantedNames[slot] = name;
      wantedBytes[slot] = bytes;
      wantedHashes[slot] = hash;
    }
  }

  /**
   * Reads the first {@code length} bytes of {@code bytes} and hands the wanted samples to {@code
   * sink}, in the page's order. The bytes must not change during the call. Throws only what {@code
   * sink} throws.
   *
   * @return the number of broken lines
   */
  public int read(byte[] bytes, int length, Consumer<Sample> sink) {
    Objects.checkFromIndexSize(0, length, bytes.length);
    page = bytes;
    var brokenLines = 0;
    var next = 0;
    while (next < length) {
      position = next;
      skipBlanksUpTo(length);
      if (position < length && isNameStart(page[position])) {
        var start = position;
        var hash = scanName(length);
        if (endsName(length)) {
          var wanted = find(hash, start, position);
          if (wanted == null) {
            next = endOfLine(position, length) + 1;
            continue;
          }
          var end = endOfLine(position, length);
          lineEnd = withoutCarriageReturn(position, end);
          brokenLines += readSample(wanted, sink) ? 0 : 1;
          next = end + 1;
          continue;
        }
        brokenLines++;
        next = endOfLine(position, length) + 1;
        continue;
      }
      var end = endOfLine(position, length);
      lineEnd = withoutCarriageReturn(position, end);
      if (position < lineEnd && page[position] != '#') {
        brokenLines += page[position] == '{' && readQuoted(sink) ? 0 : 1;
      }
      next = end + 1;
    }
    page = new byte[0];
    return brokenLines;
  }

  /** Reads from after the name to the line's end; false if the line is broken. */
  private boolean readSample(String name, Consumer<Sample> sink) {
    skipBlanks();
    var labels = Map.<String, String>of();
    if (at('{')) {
      position++;
      var read = readLabels();
      if (read == null) {
        return false;
      }
      labels = read;
    }
    return finish(name, labels, sink);
  }

  /** Reads a line such as {@code {"a.name",label="x"} 1} from its brace; false if it is broken. */
  private boolean readQuoted(Consumer<Sample> sink) {
    position++;
    skipBlanks();
    if (!at('"')) {
      return false;
    }
    var name = readQuotedString();
    if (name == null || name.isEmpty()) {
      return false;
    }
    skipBlanks();
    if (at(',')) {
      position++;
    } else if (!at('}')) {
      return false;
    }
    var labels = readLabels();
    if (labels == null) {
      return false;
    }
    if (isWanted(name)) {
      return finish(name, labels, sink);
    }
    return true;
  }

  private boolean finish(String name, Map<String, String> labels, Consumer<Sample> sink) {
    skipBlanks();
    if (!readNumber()) {
      return false;
    }
    var value = number;
    if (!skipTimestamp() || !skipExemplar() || position != lineEnd) {
      return false;
    }
    sink.accept(new Sample(name, labels, value));
    return true;
  }

  private boolean skipTimestamp() {
    skipBlanks();
    return position == lineEnd || at('#') || readNumber();
  }

  private boolean skipExemplar() {
    skipBlanks();
    if (!at('#')) {
      return true;
    }
    position++;
    skipBlanks();
    if (!at('{')) {
      return false;
    }
    position++;
    if (readLabels() == null) {
      return false;
    }
    skipBlanks();
    if (!readNumber()) {
      return false;
    }
    skipBlanks();
    if (position != lineEnd && !readNumber()) {
      return false;
    }
    skipBlanks();
    return true;
  }

  /** Reads from after the opening brace to after the closing one; null if the labels are broken. */
  private @Nullable Map<String, String> readLabels() {
    var labels = new HashMap<String, String>();
    while (true) {
      skipBlanks();
      if (at('}')) {
        position++;
        return labels;
      }
      var name = readLabelName();
      if (name == null) {
        return null;
      }
      skipBlanks();
      if (!at('=')) {
        return null;
      }
      position++;
      skipBlanks();
      if (!at('"')) {
        return null;
      }
      var value = readQuotedString();
      if (value == null || labels.put(name, value) != null) {
        return null;
      }
      skipBlanks();
      if (at(',')) {
        position++;
      } else if (!at('}')) {
        return null;
      }
    }
  }

  private @Nullable String readLabelName() {
    if (at('"')) {
      var name = readQuotedString();
      return name == null || name.isEmpty() ? null : name;
    }
    if (position >= lineEnd || (kind(page[position]) & LABEL_START) == 0) {
      return null;
    }
    var start = position++;
    while (position < lineEnd && (kind(page[position]) & LABEL_PART) != 0) {
      position++;
    }
    return new String(page, start, position - start, ISO_8859_1);
  }

  /** Reads from the opening quote to after the closing one; null if there is no closing one. */
  private @Nullable String readQuotedString() {
    position++;
    var start = position;
    while (position < lineEnd) {
      var b = page[position];
      if (b == '"') {
        var text = new String(page, start, position - start, UTF_8);
        position++;
        return text;
      }
      if (b == '\\') {
        return readEscapedString(start);
      }
      position++;
    }
    return null;
  }

  private @Nullable String readEscapedString(int start) {
    if (scratch.length < lineEnd - start) {
      scratch = new byte[2 * (lineEnd - start)];
    }
    var length = position - start;
    System.arraycopy(page, start, scratch, 0, length);
    while (position < lineEnd) {
      var b = page[position++];
      if (b == '"') {
        return new String(scratch, 0, length, UTF_8);
      }
      if (b == '\\') {
        if (position == lineEnd) {
          return null;
        }
        var escaped = page[position++];
        switch (escaped) {
          case 'n' -> b = '\n';
          case '"', '\\' -> b = escaped;
          default -> {
            // The formats know no such escape: both bytes stand for themselves.
            scratch[length++] = b;
            b = escaped;
          }
        }
      }
      scratch[length++] = b;
    }
    return null;
  }

  /** Reads the token at the position into {@link #number}; false if it is no number. */
  private boolean readNumber() {
    var start = position;
    while (position < lineEnd && !isBlank(page[position])) {
      position++;
    }
    if (readExactDecimal(start, position)) {
      return true;
    }
    return readAnyNumber(start, position);
  }

  /**
   * Reads up to 15 digits with at most one point. Both the digits and the power of ten are exact
   * doubles, so their quotient is rounded once.
   */
  private boolean readExactDecimal(int start, int end) {
    var i = start;
    var negative = i < end && page[i] == '-';
    if (negative) {
      i++;
    }
    var digits = 0;
    var decimals = 0;
    var pointSeen = false;
    long mantissa = 0;
    for (; i < end; i++) {
      var b = page[i];
      if (b >= '0' && b <= '9') {
        mantissa = mantissa * 10 + (b - '0');
        digits++;
        if (pointSeen) {
          decimals++;
        }
        if (digits > EXACT_DIGITS) {
          return false;
        }
      } else if (b == '.' && !pointSeen) {
        pointSeen = true;
      } else {
        return false;
      }
    }
    if (digits == 0) {
      return false;
    }
    var magnitude = mantissa / POWERS_OF_TEN[decimals];
    number = negative ? -magnitude : magnitude;
    return true;
  }

  private boolean readAnyNumber(int start, int end) {
    var decimal = start < end;
    for (var i = start; i < end; i++) {
      var b = page[i];
      decimal &= (b >= '0' && b <= '9') || b == '+' || b == '-' || b == '.' || b == 'e' || b == 'E';
    }
    if (decimal) {
      try {
        number = Double.parseDouble(new String(page, start, end - start, ISO_8859_1));
        return true;
      } catch (NumberFormatException e) {
        // "1-2" or "e": the caller counts the line.
        return false;
      }
    }
    var signed = start < end && (page[start] == '+' || page[start] == '-');
    var word = signed ? start + 1 : start;
    if (isWord("inf", word, end) || isWord("infinity", word, end)) {
      number = signed && page[start] == '-' ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      return true;
    }
    if (isWord("nan", word, end)) {
      number = Double.NaN;
      return true;
    }
    return false;
  }

  private boolean isWord(String word, int start, int end) {
    if (end - start != word.length()) {
      return false;
    }
    for (var i = 0; i < word.length(); i++) {
      if ((page[start + i] | 0x20) != word.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  /** Moves past a name and returns its hash. */
  private int scanName(int end) {
    var bytes = page;
    var i = position;
    var hash = 0;
    while (i < end && (kind(bytes[i]) & NAME_PART) != 0) {
      hash = 31 * hash + bytes[i];
      i++;
    }
    position = i;
    return hash;
  }

  private boolean endsName(int end) {
    return position == end
        || isBlank(page[position])
        || page[position] == '{'
        || page[position] == '\n'
        || (page[position] == '\r' && (position + 1 == end || page[position + 1] == '\n'));
  }

  private @Nullable String find(int hash, int start, int end) {
    for (var slot = slot(hash); wantedNames[slot] != null; slot = (slot + 1) & mask) {
      if (wantedHashes[slot] == hash
          && Arrays.equals(page, start, end, wantedBytes[slot], 0, wantedBytes[slot].length)) {
        return wantedNames[slot];
      }
    }
    return null;
  }

  private boolean isWanted(String name) {
    for (var wanted : wantedNames) {
      if (name.equals(wanted)) {
        return true;
      }
    }
    return false;
  }

  private int endOfLine(int from, int length) {
    var bytes = page;
    var i = from;
    while (i < length && bytes[i] != '\n') {
      i++;
    }
    return i;
  }

  private int withoutCarriageReturn(int start, int end) {
    return end > start && page[end - 1] == '\r' ? end - 1 : end;
  }

  private void skipBlanks() {
    skipBlanksUpTo(lineEnd);
  }

  private void skipBlanksUpTo(int end) {
    while (position < end && isBlank(page[position])) {
      position++;
    }
  }

  private boolean at(char c) {
    return position < lineEnd && page[position] == c;
  }

  private int slot(int hash) {
    return (hash ^ (hash >>> 15)) & mask;
  }

  private static boolean isBlank(byte b) {
    return b == ' ' || b == '\t';
  }

  private static boolean isNameStart(byte b) {
    return (kind(b) & NAME_START) != 0;
  }

  private static byte kind(byte b) {
    return KINDS[b & 0xff];
  }

  private static byte[] kinds() {
    var kinds = new byte[256];
    for (var c = 0; c < 128; c++) {
      var letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
      var digit = c >= '0' && c <= '9';
      if (letter) {
        kinds[c] = NAME_START | NAME_PART | LABEL_START | LABEL_PART;
      } else if (digit) {
        kinds[c] = NAME_PART | LABEL_PART;
      } else if (c == ':') {
        kinds[c] = NAME_START | NAME_PART;
      }
    }
    return kinds;
  }
}
