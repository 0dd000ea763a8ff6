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
 * Scans the body of a request to a model server for the facts that flow control needs. A scan takes
 * one pass, builds no tree and does not decode prompts.
 *
 * <p>A scan always reads the whole body. Otherwise a field that is given twice, or more text after
 * the object, could make a model server run another request than the one that was admitted. Fields
 * that say nothing to flow control are skipped. A field whose value is null counts as absent. If a
 * field is needed for estimates only, no value of it is a reason to refuse the body.
 *
 * <p>The garbage of a scan does not grow with the body, except for the name of the model. No
 * content makes a scan throw. Thread-safe.
 */
public final class RequestScanner {
  private static final int ENCODING_WINDOW = 4;

  private final ScanLimits limits;
  private final JsonFactory factory;

  /** A scanner with the limits {@link ScanLimits#DEFAULT}. */
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
                // The limit holds for decoded strings: the name of the model is the only one.
                .maxStringLength(4 * limits.maxModelChars())
                .build());
  }

  /** Scans a body that lies in one array. */
  public ScanResult scan(ApiKind kind, byte[] body) {
    return scan(kind, List.of(ByteBuffer.wrap(body)));
  }

  /**
   * Scans a body whose form is that of its operation: JSON, or multipart/form-data with the
   * boundary that its content type names. Otherwise like {@link #scan(ApiKind, List)}.
   *
   * @param contentType the value of the header {@code content-type}; empty if there is none
   */
  public ScanResult scan(ApiKind kind, String contentType, List<ByteBuffer> segments) {
    return kind.isMultipart()
        ? MultipartScan.scan(kind, limits, contentType, segments)
        : scan(kind, segments);
  }

  /**
   * Scans a JSON body that lies in several segments, heap or direct. Their positions do not change.
   * A single segment with an accessible array is read in place; otherwise the parser copies through
   * a buffer of some kilobytes. O(bytes).
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
   * Whether the body begins like UTF-8 without a byte order mark. Jackson would also detect and
   * read UTF-16 and UTF-32, but a model server may read such a body differently.
   */
  private static boolean startsAsPlainUtf8(List<ByteBuffer> segments) {
    int seen = 0;
    for (var segment : segments) {
      for (int i = segment.position(); i < segment.limit(); i++) {
        byte b = segment.get(i);
        // 0xEF, 0xFE and 0xFF begin byte order marks. JSON in UTF-8 begins with none of them and
        // contains no NUL.
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
