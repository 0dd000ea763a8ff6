package dev.sluice.epp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.types.Usage;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The usage that flow control is told, whatever the form and the pieces of the answer. */
final class UsageTest {
  private static final String USED =
      "{\"usage\":{\"prompt_tokens\":7,\"total_tokens\":17,\"completion_tokens\":10}}";

  private final PickerUnderTest picker = new PickerUnderTest(1, PickerOptions.DEFAULT);

  @AfterEach
  void stop() throws InterruptedException {
    picker.close();
  }

  /** An answer, and the usage that it reports. */
  record Answered(String name, String path, String type, List<String> pieces, Usage usage) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Answered> answers() {
    var chat = "/v1/chat/completions";
    var sse = "text/event-stream";
    return List.of(
        new Answered("JSON", chat, "application/json", List.of(USED), Usage.of(7, 10)),
        new Answered(
            "JSON in pieces",
            chat,
            "application/json; charset=utf-8",
            List.of(USED.substring(0, 20), USED.substring(20, 40), USED.substring(40)),
            Usage.of(7, 10)),
        new Answered(
            "usage, then [DONE]",
            chat,
            sse,
            List.of("data: " + USED + "\n\n", "data: [DONE]\n\n"),
            Usage.of(7, 10)),
        new Answered(
            "an event that is split inside its JSON, which upstream misses",
            chat,
            sse,
            List.of("data: " + USED.substring(0, 30), USED.substring(30) + "\n\ndata: [DONE]\n\n"),
            Usage.of(7, 10)),
        new Answered(
            "CRLF",
            chat,
            sse,
            List.of("data: " + USED + "\r\n\r\ndata: [DONE]\r\n\r\n"),
            Usage.of(7, 10)),
        new Answered(
            "cached tokens",
            chat,
            sse,
            List.of(
                "data: {\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":10,"
                    + "\"prompt_tokens_details\":{\"cached_tokens\":4}}}\n\n"),
            new Usage(7, 4, 10)),
        new Answered(
            "Responses API",
            "/v1/responses",
            sse,
            List.of(
                "event: response.completed\ndata: {\"type\":\"response.completed\",\"response\":"
                    + "{\"usage\":{\"input_tokens\":7,\"output_tokens\":10}}}\n\n"),
            Usage.of(7, 10)),
        new Answered(
            "Anthropic's, in two events",
            "/v1/messages",
            sse,
            List.of(
                "event: message_start\ndata: {\"type\":\"message_start\",\"message\":"
                    + "{\"usage\":{\"input_tokens\":7,\"output_tokens\":1}}}\n\n",
                "event: message_delta\ndata: {\"type\":\"message_delta\",\"usage\":"
                    + "{\"output_tokens\":10}}\n\n"),
            Usage.of(7, 10)));
  }

  private StrictProxy answering(String path, String type) throws InterruptedException {
    var proxy =
        picker
            .open()
            .headers(":path", path)
            .body(
                "{\"model\":\"m\",\"max_tokens\":50,\"prompt\":\"x\",\"input\":\"x\",\"messages\":[]}",
                true);
    assertThat(proxy.next().hasRequestHeaders()).isTrue();
    proxy.requestBody();
    proxy.responseHeaders(false, ":status", "200", "content-type", type);
    assertThat(proxy.next().hasResponseHeaders()).isTrue();
    return proxy;
  }

  @ParameterizedTest
  @MethodSource("answers")
  @DisplayName("T33 reads the usage, and passes every piece as it came")
  void readsUsage(Answered answered) throws InterruptedException {
    var proxy = answering(answered.path(), answered.type());

    for (var piece : answered.pieces()) {
      assertThat(proxy.responseBody(piece, false).responsePiece()).isEqualTo(piece);
    }
    assertThat(proxy.responseBody("", true).responsePiece()).isEmpty();

    picker.awaitNothingHeld();
    await().until(() -> !picker.used.isEmpty());
    assertThat(picker.used).containsExactly(answered.usage());
    proxy.close();
  }

  @Test
  @DisplayName("T33 an answer without usage is charged once, by what was seen of it")
  void chargesWhatWasSeen() throws InterruptedException {
    var proxy = answering("/v1/chat/completions", "text/event-stream");

    var event = "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    assertThat(proxy.responseBody(event, false).responsePiece()).isEqualTo(event);
    assertThat(proxy.responseTrailers().next().hasResponseTrailers()).isTrue();

    picker.awaitNothingHeld();
    await().until(() -> !picker.used.isEmpty());
    assertThat(picker.used).hasSize(1);
    proxy.close();
  }

  @Test
  @DisplayName("An error of the client's is charged nothing, by :status and not by status")
  void chargesNothingForRefusedRequests() throws InterruptedException {
    var proxy = picker.sent();
    proxy.responseHeaders(false, ":status", "400", "content-type", "application/json");
    assertThat(proxy.next().hasResponseHeaders()).isTrue();

    assertThat(proxy.responseBody(USED, true).responsePiece()).isEqualTo(USED);

    picker.awaitNothingHeld();
    await().until(() -> !picker.used.isEmpty());
    assertThat(picker.used).containsExactly(Usage.NONE);
    proxy.close();
  }
}
