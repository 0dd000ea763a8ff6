package dev.sluice.inference;

import static dev.sluice.inference.ScanResult.DUPLICATE_PARAMETER;
import static dev.sluice.inference.ScanResult.INVALID_MULTIPART;
import static dev.sluice.inference.ScanResult.INVALID_VALUE;

import dev.sluice.inference.ScanResult.Invalid;
import dev.sluice.inference.ScanResult.Ok;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One scan of a multipart/form-data body (RFC 7578), such as a recording that is to be written
 * down. Only the heads of parts and a few short fields are copied. The content of a file is passed
 * over by the search of Boyer, Moore and Horspool, which looks at about one byte in fifty.
 *
 * <p>A part whose name two readers could understand differently is a fault.
 */
final class MultipartScan {
  private static final int LONGEST_HEAD_BYTES = 8 << 10;
  private static final int LONGEST_BOUNDARY = 200;
  private static final int LONGEST_NUMBER = 24;

  /** About 30 s of speech at 64 kbit/s, which is what speech models take at once. */
  private static final long BYTES_PER_MEDIA_PART = 240 << 10;

  private static final Pattern BOUNDARY =
      Pattern.compile(
          "multipart/form-data\\s*(?:;[^;]*?)*?;\\s*boundary=(?:\"([^\"\\\\]+)\"|([^\\s;\"]+)).*",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern PARAMETER =
      Pattern.compile("\\s*;\\s*([^=;\\s]+)=(\"(?:[^\"\\\\]|\\\\.)*\"|[^;\"\\s]*)");

  private final ApiKind kind;
  private final ScanLimits limits;
  private final SegmentBytes body;
  private final byte[] delimiter;
  private final int[] shifts = new int[256];

  private @Nullable Invalid fault;
  private @Nullable String model;
  private boolean stream;
  private long maxTokens;
  private long promptBytes;
  private long mediaParts;
  private long mediaBytes;

  private MultipartScan(ApiKind kind, ScanLimits limits, SegmentBytes body, String boundary) {
    this.kind = kind;
    this.limits = limits;
    this.body = body;
    this.delimiter = ("\r\n--" + boundary).getBytes(StandardCharsets.ISO_8859_1);
    Arrays.fill(shifts, delimiter.length);
    for (var i = 0; i < delimiter.length - 1; i++) {
      shifts[delimiter[i] & 0xff] = delimiter.length - 1 - i;
    }
  }

  static ScanResult scan(
      ApiKind kind, ScanLimits limits, String contentType, List<ByteBuffer> segments) {
    var boundary = BOUNDARY.matcher(contentType);
    if (contentType.length() > 2 * LONGEST_BOUNDARY
        || !boundary.matches()
        || contentType.toLowerCase(Locale.ROOT).split("boundary=", -1).length > 2) {
      return new Invalid(
          "The body must be multipart/form-data, and the content type must name its boundary.",
          "",
          INVALID_MULTIPART);
    }
    var name = boundary.group(1) == null ? boundary.group(2) : boundary.group(1);
    return new MultipartScan(kind, limits, new SegmentBytes(segments), name).run();
  }

  private ScanResult run() {
    if (!readParts()) {
      return fault == null ? broken("is not valid") : fault;
    }
    return new Ok(
        new RequestScan(
            kind,
            model == null ? "" : model,
            stream,
            false,
            maxTokens,
            1,
            1,
            promptBytes,
            0,
            (int) Math.min(mediaParts, Integer.MAX_VALUE),
            mediaBytes,
            body.size(),
            BodySplice.NONE));
  }

  private boolean readParts() {
    var at = startsWithDelimiter() ? delimiter.length - 2 : afterDelimiter(0);
    while (at >= 0) {
      if (isAt(at, "--")) {
        return true;
      }
      while (at < body.size() && (body.at(at) == ' ' || body.at(at) == '\t')) {
        at++;
      }
      if (!isAt(at, "\r\n")) {
        return fail(broken("has a boundary that no line break follows"));
      }
      var content = endOfHead(at + 2);
      var next = content < 0 ? -1 : afterDelimiter(content - 2);
      if (next < 0) {
        break;
      }
      var contentEnd = Math.max(content, next - delimiter.length);
      if (!readPart(text(at + 2, content), content, contentEnd)) {
        return false;
      }
      at = next;
    }
    return fail(broken("ends before its last boundary"));
  }

  /** The first delimiter may come without the line break before it. */
  private boolean startsWithDelimiter() {
    if (body.size() < delimiter.length - 2) {
      return false;
    }
    for (var i = 2; i < delimiter.length; i++) {
      if (body.at(i - 2) != delimiter[i]) {
        return false;
      }
    }
    return true;
  }

  /** The place after the next delimiter that begins at {@code from} or later; -1 for none. */
  private long afterDelimiter(long from) {
    var last = delimiter.length - 1;
    var at = from;
    while (at + last < body.size()) {
      var i = last;
      while (i >= 0 && body.at(at + i) == delimiter[i]) {
        i--;
      }
      if (i < 0) {
        return at + delimiter.length;
      }
      at += shifts[body.at(at + last) & 0xff];
    }
    return -1;
  }

  /** The place after the empty line that ends a part's head; -1 if there is none near. */
  private long endOfHead(long from) {
    if (isAt(from, "\r\n")) {
      return from + 2; // a head without any line
    }
    var end = Math.min(body.size(), from + LONGEST_HEAD_BYTES);
    for (var at = from; at + 4 <= end; at++) {
      if (body.at(at) == '\r' && isAt(at, "\r\n\r\n")) {
        return at + 4;
      }
    }
    return -1;
  }

  private boolean readPart(String head, long from, long to) {
    String name = null;
    var isFile = false;
    for (var line : head.split("\r\n", -1)) {
      var colon = line.indexOf(':');
      if (colon < 0 || !line.substring(0, colon).trim().equalsIgnoreCase("content-disposition")) {
        continue;
      }
      var parameters = PARAMETER.matcher(line);
      var at = line.indexOf(';', colon);
      while (at >= 0 && at < line.length() && parameters.find(at) && parameters.start() == at) {
        var key = parameters.group(1).toLowerCase(Locale.ROOT);
        if (key.equals("name")) {
          if (name != null) {
            return fail(broken("has a part with two names"));
          }
          name = unquoted(parameters.group(2));
        }
        isFile |= key.startsWith("filename");
        at = parameters.end();
      }
      if (at >= 0 && !line.substring(at).isBlank()) {
        return fail(broken("has a part whose content-disposition is not valid"));
      }
    }
    if (name == null || name.indexOf('\\') >= 0 || name.indexOf('%') >= 0) {
      return fail(broken("has a part without a plain name"));
    }
    return readField(name, isFile, from, to);
  }

  private boolean readField(String name, boolean isFile, long from, long to) {
    if (isFile && !name.equals("model")) {
      mediaBytes += to - from;
      mediaParts += Math.max(1, (to - from + BYTES_PER_MEDIA_PART - 1) / BYTES_PER_MEDIA_PART);
      return true;
    }
    switch (name) {
      case "model" -> {
        if (model != null) {
          return fail(new Invalid("'model' is given twice.", "model", DUPLICATE_PARAMETER));
        }
        if (to - from > limits.maxModelChars()) {
          return fail(
              new Invalid(
                  "'model' is longer than " + limits.maxModelChars() + " bytes.",
                  "model",
                  INVALID_VALUE));
        }
        model = new String(body.copy(from, to), StandardCharsets.UTF_8);
      }
      case "stream" -> stream = to - from <= 5 && BodyScan.saysTrue(text(from, to));
      case "prompt" -> promptBytes += to - from;
      default -> {
        if (BodyFields.limitsOutput(kind, name) && to - from <= LONGEST_NUMBER) {
          maxTokens = Math.max(maxTokens, number(text(from, to)));
        }
      }
    }
    return true;
  }

  private long number(String text) {
    try {
      return Math.clamp(Long.parseLong(text.trim()), 0, limits.maxOutputTokens());
    } catch (NumberFormatException noNumber) {
      return 0;
    }
  }

  private static String unquoted(String value) {
    return value.startsWith("\"") ? value.substring(1, value.length() - 1) : value;
  }

  private boolean isAt(long at, String expected) {
    if (at + expected.length() > body.size()) {
      return false;
    }
    for (var i = 0; i < expected.length(); i++) {
      if (body.at(at + i) != expected.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private String text(long from, long to) {
    return new String(body.copy(from, to), StandardCharsets.ISO_8859_1);
  }

  private static Invalid broken(String what) {
    return new Invalid("The multipart body " + what + ".", "", INVALID_MULTIPART);
  }

  private boolean fail(Invalid found) {
    fault = found;
    return false;
  }
}
