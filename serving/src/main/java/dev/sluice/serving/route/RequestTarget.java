package dev.sluice.serving.route;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;

/**
 * A request target in its one normal spelling. The gateway decides on this spelling and forwards
 * it, so a model server cannot understand another path than the gateway did. Immutable.
 *
 * <p>Decoding happens once, by RFC 3986, 6.2.2: percent-encoded characters are decoded, dot
 * segments are resolved, and characters that a path may not hold are encoded again. Model servers
 * decode a path before they look at its slashes, so an encoded slash separates segments too. Empty
 * segments, a trailing slash and {@code ;parameters} are dropped. The scheme and the host of an
 * absolute target are dropped: a request goes to an endpoint, whatever host the client names.
 *
 * @param path the path: {@code /}, or segments that each begin with a slash
 * @param query the query with its question mark, as it came; empty if there is none
 */
public record RequestTarget(String path, String query) {
  private static final String PLAIN_MARKS = "-._~!$&'()*+,=:@";

  /**
   * Reads a target as it was sent. Empty if it is none for an HTTP request: it is not a path or an
   * absolute URL, has a fragment or a broken percent-encoding, or holds a control character, a
   * backslash or a space. O(length).
   */
  public static Optional<RequestTarget> of(String sent) {
    var relative = withoutAuthority(sent);
    if (!relative.startsWith("/") || !isVisibleAscii(sent) || sent.indexOf('#') >= 0) {
      return Optional.empty();
    }
    var mark = relative.indexOf('?');
    var path = mark < 0 ? relative : relative.substring(0, mark);
    return normal(path)
        .map(normal -> new RequestTarget(normal, mark < 0 ? "" : relative.substring(mark)));
  }

  /** The target that is forwarded. */
  public String forwarded() {
    return path + query;
  }

  /** The part of a target from its path on; an empty text if it is neither a path nor a URL. */
  private static String withoutAuthority(String sent) {
    if (sent.startsWith("/")) {
      return sent;
    }
    var scheme = sent.indexOf("://");
    var name = scheme < 0 ? "" : sent.substring(0, scheme).toLowerCase(Locale.ROOT);
    if (!name.equals("http") && !name.equals("https")) {
      return "";
    }
    var at = scheme + 3;
    while (at < sent.length() && sent.charAt(at) != '/' && sent.charAt(at) != '?') {
      at++;
    }
    if (at == scheme + 3) {
      return "";
    }
    var rest = sent.substring(at);
    return rest.startsWith("/") ? rest : "/" + rest;
  }

  private static boolean isVisibleAscii(String text) {
    return text.chars().allMatch(c -> c > ' ' && c < 0x7f);
  }

  private static Optional<String> normal(String path) {
    var segments = new ArrayDeque<String>();
    for (var raw : path.split("/", -1)) {
      var semicolon = raw.indexOf(';');
      var decoded = decoded(semicolon < 0 ? raw : raw.substring(0, semicolon));
      if (decoded.isEmpty()) {
        return Optional.empty();
      }
      for (var segment : decoded.get().split("/", -1)) {
        resolve(segments, segment);
      }
    }
    var normal = new StringBuilder(path.length());
    for (var segment : segments) {
      normal.append('/');
      encode(segment, normal);
    }
    return Optional.of(normal.isEmpty() ? "/" : normal.toString());
  }

  private static void resolve(Deque<String> segments, String segment) {
    switch (segment) {
      case "", "." -> {}
      case ".." -> segments.pollLast();
      default -> segments.addLast(segment);
    }
  }

  /** Each character of the result is one byte. Empty if a byte may not be in a path. */
  private static Optional<String> decoded(String raw) {
    var bytes = new StringBuilder(raw.length());
    for (var i = 0; i < raw.length(); i++) {
      int value = raw.charAt(i);
      if (value == '%') {
        value = i + 2 < raw.length() ? hex(raw.charAt(i + 1)) << 4 | hex(raw.charAt(i + 2)) : -1;
        i += 2;
      }
      if (value < ' ' || value == 0x7f || value == '\\') {
        return Optional.empty();
      }
      bytes.append((char) value);
    }
    return Optional.of(bytes.toString());
  }

  /** The value of a hexadecimal digit of either case; a negative number for any other character. */
  private static int hex(char digit) {
    return digit < 0x80 ? Character.digit(digit, 16) : -1;
  }

  private static void encode(String segment, StringBuilder to) {
    for (var i = 0; i < segment.length(); i++) {
      var c = segment.charAt(i);
      if (isPlain(c)) {
        to.append(c);
      } else {
        to.append('%').append(digit(c >> 4)).append(digit(c & 15));
      }
    }
  }

  private static boolean isPlain(char c) {
    return (c >= 'a' && c <= 'z')
        || (c >= 'A' && c <= 'Z')
        || (c >= '0' && c <= '9')
        || PLAIN_MARKS.indexOf(c) >= 0;
  }

  private static char digit(int value) {
    return Character.toUpperCase(Character.forDigit(value, 16));
  }
}
