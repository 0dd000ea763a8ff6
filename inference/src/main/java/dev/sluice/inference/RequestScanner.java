package dev.sluice.inference;

import static dev.sluice.inference.ScanResult.INVALID_ENCODING;

import dev.sluice.inference.ScanResult.Invalid;
import java.nio.ByteBuffer;
import java.util.List;
import tools.jackson.core.JsonParser;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.json.JsonFactory;

/**
 * Reads what flow control needs from the body of an OpenAI request, in one pass, without building a
 * tree and without decoding prompts. The whole body is read even when everything needed was seen: a
 * field given twice, or something after the object, would let the model server read another request
 * than the one that was admitted.
 *
 * <p>Fields that a kind does not know are not looked at. A field that is null counts as absent.
 * Garbage per call does not grow with the body, except for the name of the model.
 *
 * <p>Thread-safe. Never throws on any content.
 */
public final class RequestScanner {
  private static final int ENCODING_WINDOW = 4;

  private final ScanLimits limits;
  private final JsonFactory factory;

  /** A scanner with {@link ScanLimits#DEFAULT}. */
  public RequestScanner() {
    this(ScanLimits.DEFAULT);
  }

  /** A scanner with the given limits. */
  public RequestScanner(ScanLimits limits) {
    this.limits = limits;
    this.factory =
        new SkippingFactory(
            StreamReadConstraints.builder()
                .maxNestingDepth(limits.maxDepth())
                // Holds for what is decoded, and the model's name is the only value that is.
                .maxStringLength(4 * limits.maxModelChars())
                .build());
  }

  /** Scans a body that lies in one array. */
  public ScanResult scan(ApiKind kind, byte[] body) {
    return scan(kind, List.of(ByteBuffer.wrap(body)));
  }

  /**
   * Scans a body that lies in several pieces, heap or direct; their positions stay as they are. A
   * single piece with an accessible array is read in place, others through a window of some
   * kilobytes. O(bytes).
   */
  public ScanResult scan(ApiKind kind, List<ByteBuffer> segments) {
    if (!startsAsPlainUtf8(segments)) {
      return new Invalid(
          "The request body must be JSON in UTF-8 without a byte order mark.",
          "",
          INVALID_ENCODING);
    }
    long size = 0;
    for (var segment : segments) {
      size += segment.remaining();
    }
    try (var parser = parser(segments)) {
      return new BodyScan(kind, limits, parser, size).run();
    }
  }

  private JsonParser parser(List<ByteBuffer> segments) {
    if (segments.size() == 1 && segments.getFirst().hasArray()) {
      var only = segments.getFirst();
      return factory.createParser(
          ObjectReadContext.empty(),
          only.array(),
          only.arrayOffset() + only.position(),
          only.remaining());
    }
    return factory.createParser(ObjectReadContext.empty(), new SegmentInputStream(segments));
  }

  /**
   * The parser would guess UTF-16 and UTF-32, which a model server may read otherwise or not at
   * all.
   */
  private static boolean startsAsPlainUtf8(List<ByteBuffer> segments) {
    int seen = 0;
    for (var segment : segments) {
      for (int i = segment.position(); i < segment.limit(); i++) {
        byte b = segment.get(i);
        // 0xEF, 0xFE and 0xFF begin byte order marks; none of them, and no NUL, begins a JSON text.
        if (b == 0 || (seen == 0 && (b == (byte) 0xEF || b == (byte) 0xFE || b == (byte) 0xFF))) {
          return false;
        }
        if (++seen == ENCODING_WINDOW) {
          return true;
        }
      }
    }
    return true;
  }
}
