package dev.sluice.inference;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.inference.ScanResult.Invalid;
import dev.sluice.inference.ScanResult.Ok;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What flow control has to know about a recording that is to be written down. */
final class MultipartScanTest {
  private static final String TYPE = "multipart/form-data; boundary=cut";
  private static final String FILE =
      part("name=\"file\"; filename=\"a \\\" b.wav\"", "RIFF\r\n--cu\r\n\0\u00ff");

  private final RequestScanner scanner = new RequestScanner();

  private static String part(String parameters, String content) {
    return "--cut\r\nContent-Disposition: form-data; " + parameters + "\r\n\r\n" + content + "\r\n";
  }

  private static String body(String... parts) {
    return String.join("", parts) + "--cut--\r\n";
  }

  private ScanResult scan(String type, String body) {
    return scanner.scan(
        ApiKind.TRANSCRIPTIONS, type, List.of(ByteBuffer.wrap(body.getBytes(ISO_8859_1))));
  }

  @Test
  void readsTheFieldsBesideTheFile() {
    var body =
        body(
            part("name=\"stream\"", "true"),
            FILE,
            part("name=\"model\"", "whisper"),
            part("name=prompt", "so far"),
            part("name=\"max_completion_tokens\"", "70"),
            part("name=\"language\"", ""));

    var request = ((Ok) scan(TYPE, body)).request();

    assertThat(request.model()).isEqualTo("whisper");
    assertThat(request.stream()).isTrue();
    assertThat(request.maxOutputTokens()).isEqualTo(70);
    assertThat(request.promptBytes()).isEqualTo(6);
    assertThat(request.mediaParts()).isOne();
    assertThat(request.mediaBytes()).isEqualTo(14);
    assertThat(request.bodyBytes()).isEqualTo(body.length());
    assertThat(request.usageSplice().isNone()).isTrue();
  }

  @Test
  void readsABodyThatIsCutAnywhere() {
    var bytes = body(part("name=\"model\"", "m"), FILE).getBytes(ISO_8859_1);
    var whole = scanner.scan(ApiKind.TRANSCRIPTIONS, TYPE, List.of(ByteBuffer.wrap(bytes)));
    assertThat(whole).isInstanceOf(Ok.class);

    for (var size = 1; size < bytes.length; size++) {
      var pieces = new ArrayList<ByteBuffer>();
      for (var at = 0; at < bytes.length; at += size) {
        pieces.add(ByteBuffer.wrap(bytes, at, Math.min(size, bytes.length - at)));
      }
      assertThat(scanner.scan(ApiKind.TRANSCRIPTIONS, TYPE, pieces)).isEqualTo(whole);
    }
  }

  @Test
  void chargesALongRecordingMore() {
    var half = part("name=\"file\"; filename=\"a\"", "x".repeat(120 << 10));
    var many = part("name=\"file\"; filename=\"a\"", "x".repeat(2_400 << 10));

    assertThat(((Ok) scan(TYPE, body(half))).request().mediaParts()).isEqualTo(1);
    assertThat(((Ok) scan(TYPE, body(many))).request().mediaParts()).isEqualTo(10);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "multipart/form-data; boundary=\"cut\"",
        "Multipart/Form-Data; charset=utf-8; Boundary=cut",
        "multipart/form-data;boundary=cut; x=y"
      })
  void findsTheBoundary(String type) {
    assertThat(scan(type, body(part("name=\"model\"", "m")))).isInstanceOf(Ok.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "application/json",
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=other",
        "multipart/form-data; boundary=cut; boundary=other"
      })
  void refusesABodyWithoutItsBoundary(String type) {
    assertThat(((Invalid) scan(type, body(part("name=\"model\"", "m")))).code())
        .isEqualTo("invalid_multipart");
  }

  @Test
  void refusesWhatTwoReadersCouldUnderstandDifferently() {
    var model = part("name=\"model\"", "a");
    for (var odd :
        List.of(
            part("name=\"x\"; name=\"model\"", "b"),
            part("name=\"mo\\del\"", "b"),
            part("name=\"%6dodel\"", "b"),
            part("nam=\"model\"", "b"),
            part("name=\"x\" y", "b"),
            part("name=\"model\"", "b"),
            part("name=\"model\"; filename=\"f\"", "b"))) {
      assertThat(scan(TYPE, body(model, odd))).as(odd).isInstanceOf(Invalid.class);
    }
    assertThat(scan(TYPE, model)).isInstanceOf(Invalid.class);
    assertThat(scan(TYPE, "--cut\r\n")).isInstanceOf(Invalid.class);
    assertThat(scan(TYPE, "")).isInstanceOf(Invalid.class);
    assertThat(scan(TYPE, body(part("name=\"model\"", "m".repeat(1025)))))
        .isInstanceOf(Invalid.class);
  }
}
