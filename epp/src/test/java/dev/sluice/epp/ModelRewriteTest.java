package dev.sluice.epp;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The name of the model on its way to the model server and back. */
final class ModelRewriteTest {
  private final PickerUnderTest picker = new PickerUnderTest(1, PickerOptions.DEFAULT);

  @AfterEach
  void stop() throws InterruptedException {
    picker.close();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      delimiter = '|',
      value = {
        "{\"a\":[1,{\"model\":\"x\"}], \"model\" : \"m\" ,\"b\":2}"
            + "|{\"a\":[1,{\"model\":\"x\"}], \"model\" : \"t\" ,\"b\":2}",
        "{\"model\":\"é\\u00e9\\\"\",\"b\":\"é\"}|{\"model\":\"t\",\"b\":\"é\"}",
        "{ \"prompt\":\"p\"}|{\"model\":\"t\", \"prompt\":\"p\"}",
        "{}|{\"model\":\"t\"}"
      })
  void editsOnePlaceOnly(String body, String edited) {
    var bytes = body.getBytes(UTF_8);
    var pieces = List.of(ByteBuffer.wrap(bytes, 0, 1), ByteBuffer.wrap(bytes, 1, bytes.length - 1));

    var found = Objects.requireNonNull(ModelName.find(pieces));

    var joined = new ByteArrayOutputStream();
    for (var piece : found.replacedBy("t").apply(pieces)) {
      var part = new byte[piece.remaining()];
      piece.duplicate().get(part);
      joined.writeBytes(part);
    }
    assertThat(joined.toString(UTF_8)).isEqualTo(edited);
  }

  @Test
  void restoresANameWhereverItIsSplit() {
    var answer = "{\"model\":\"served\",\"x\":\"model\",\"y\":{\"model\": \"served\"}} \"mod";
    var restored = "{\"model\":\"asked\",\"x\":\"model\",\"y\":{\"model\":\"asked\"}} \"mod";
    var bytes = ByteString.copyFromUtf8(answer);
    for (var first = 0; first <= bytes.size(); first++) {
      for (var second = first; second <= bytes.size(); second++) {
        var restore = new ModelRestore("served", "asked");
        var passed =
            restore
                .pass(bytes.substring(0, first))
                .concat(restore.pass(bytes.substring(first, second)))
                .concat(restore.pass(bytes.substring(second)))
                .concat(restore.heldBack());

        assertThat(passed.toStringUtf8()).as("split at %d, %d", first, second).isEqualTo(restored);
      }
    }
  }

  @Test
  @DisplayName("T34 the model server sees the served name, the client its own")
  void rewritesAndRestores() throws InterruptedException {
    var body = "{\"max_tokens\":100,\"model\":\"client-facing-name\",\"prompt\":\"test6\"}";
    var proxy = picker.open().headers("x-llm-d-model-name-rewrite", "served").body(body, true);

    var reply = proxy.next();
    var sent = body.replace("client-facing-name", "served");
    assertThat(StrictProxy.removed(reply)).containsExactly("x-llm-d-model-name-rewrite");
    assertThat(StrictProxy.set(reply))
        .containsEntry("content-length", Integer.toString(sent.length()));
    assertThat(proxy.requestBody()).asString(UTF_8).isEqualTo(sent);
    org.awaitility.Awaitility.await().until(() -> !picker.dispatched.isEmpty());
    assertThat(picker.dispatched.getFirst().eligibility().model()).isEqualTo("served");

    proxy.responseHeaders(false, ":status", "200", "content-type", "application/json");
    assertThat(proxy.next().hasResponseHeaders()).isTrue();
    assertThat(proxy.responseBody("{\"id\":1,\"mod", false).responsePiece())
        .isEqualTo("{\"id\":1,");
    assertThat(proxy.responseBody("el\":\"served\"}", true).responsePiece())
        .isEqualTo("\"model\":\"client-facing-name\"}");
    picker.awaitNothingHeld();
    proxy.close();
  }

  @Test
  @DisplayName("T07 a body without a model gets the one of the header")
  void addsAMissingModel() throws InterruptedException {
    var proxy =
        picker
            .open()
            .headers("x-gateway-model-name-rewrite", "direct-model")
            .body("{\"prompt\":\"test6\"}", true);

    assertThat(proxy.next().hasRequestHeaders()).isTrue();
    assertThat(proxy.requestBody())
        .asString(UTF_8)
        .isEqualTo("{\"model\":\"direct-model\",\"prompt\":\"test6\"}");
    proxy.cancel();
  }
}
