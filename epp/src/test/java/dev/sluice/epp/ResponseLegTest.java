package dev.sluice.epp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The way of an answer through the picker: the cases of upstream's tests, by their numbers. */
final class ResponseLegTest {
  private static final String SSE = "text/event-stream";
  private final PickerUnderTest picker = new PickerUnderTest(1, PickerOptions.DEFAULT);

  @AfterEach
  void stop() throws InterruptedException {
    picker.close();
  }

  private static void answerHeaders(StrictProxy proxy, String type) throws InterruptedException {
    proxy.responseHeaders(false, ":status", "200", "content-type", type);
    assertThat(proxy.next().hasResponseHeaders()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  @DisplayName("T28, T29 passes a JSON answer piece by piece. Upstream holds it back until its end")
  void passesJsonAnswers(boolean emptyEnd) throws InterruptedException {
    var proxy = picker.open();
    answerHeaders(proxy, "application/json");

    proxy.responseBody("{\"max_tokens\":100,\"model\":\"sql-lo", false);
    proxy.responseBody("ra-sheddable\",\"temperature\":0}", !emptyEnd);
    if (emptyEnd) {
      proxy.responseBody("", true);
    }

    assertThat(proxy.responsePiece()).isEqualTo("{\"max_tokens\":100,\"model\":\"sql-lo");
    assertThat(proxy.responsePiece()).isEqualTo("ra-sheddable\",\"temperature\":0}");
    if (emptyEnd) {
      assertThat(proxy.responsePiece()).isEmpty();
    }
    proxy.close();
    assertThat(proxy.end().isOk()).isTrue();
  }

  @Test
  @DisplayName("T30 passes an answer that is no JSON")
  void passesPlainAnswers() throws InterruptedException {
    var proxy = picker.sent();
    answerHeaders(proxy, "text/plain");

    assertThat(proxy.responseBody("no healthy upstream", true).responsePiece())
        .isEqualTo("no healthy upstream");
    picker.awaitNothingHeld();
    proxy.close();
  }

  @Test
  @DisplayName("T31 passes a stream piece by piece, and a permit is back at its end")
  void passesStreams() throws InterruptedException {
    var pieces =
        List.of(
            "data: {}",
            "data: {\"usage\":{\"prompt_tokens\":7,\"total_tokens\":17,\"completion_tokens\":10}}\n"
                + "data: [DONE]",
            "");
    var proxy = picker.sent();
    answerHeaders(proxy, SSE);
    assertThat(picker.controller.view().runningRequests()).isOne();

    for (var i = 0; i < pieces.size(); i++) {
      proxy.responseBody(pieces.get(i), i == 2);
      assertThat(proxy.responsePiece()).isEqualTo(pieces.get(i));
    }

    picker.awaitNothingHeld();
    proxy.close();
    assertThat(proxy.end().isOk()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"text/event-stream", "application/json"})
  @DisplayName("T32 answers trailers with trailers, after each piece was passed at once")
  void passesTrailers(String type) throws InterruptedException {
    var proxy = picker.sent();
    answerHeaders(proxy, type);

    assertThat(proxy.responseBody("{}", false).responsePiece()).isEqualTo("{}");
    assertThat(proxy.responseTrailers().next().hasResponseTrailers()).isTrue();
    picker.awaitNothingHeld();
    proxy.close();
    assertThat(proxy.end().isOk()).isTrue();
  }

  @Test
  @DisplayName("An answer without a body is complete with its headers. Upstream reports an error")
  void completesHeaderOnlyAnswers() throws InterruptedException {
    var proxy = picker.sent().responseHeaders(true, ":status", "204");

    assertThat(proxy.next().hasResponseHeaders()).isTrue();
    picker.awaitNothingHeld();
    proxy.close();
    assertThat(proxy.end().isOk()).isTrue();
  }

  @Test
  @DisplayName("The proxy's own answer takes a request out that still waits")
  void leavesTheQueueIfTheProxyAnswers() throws InterruptedException {
    try (var narrow =
        new PickerUnderTest(
            1,
            PickerOptions.DEFAULT,
            PickerUnderTest.roomFor(1).build(),
            PickerUnderTest.plain(4 << 20))) {
      var running = narrow.sent();
      var waiting = narrow.open().headers("hi", "mom").body(PickerUnderTest.completion("a"), true);
      org.awaitility.Awaitility.await().until(() -> narrow.controller.view().queuedRequests() == 1);

      waiting.responseHeaders(false, ":status", "504");

      assertThat(waiting.next().hasResponseHeaders()).isTrue();
      assertThat(waiting.responseBody("timeout", true).responsePiece()).isEqualTo("timeout");
      assertThat(narrow.controller.view().queuedRequests()).isZero();
      running.cancel();
      waiting.close();
    }
  }

  @Test
  @DisplayName(
      "T40 a request waits while the endpoint is full, and goes when the other is answered")
  void waitsForRoom() throws InterruptedException {
    try (var narrow =
        new PickerUnderTest(
            1,
            PickerOptions.DEFAULT,
            PickerUnderTest.roomFor(1).build(),
            PickerUnderTest.plain(4 << 20))) {
      var first = narrow.sent();
      var second = narrow.open().headers("hi", "mom").body(PickerUnderTest.completion("a"), true);
      assertThat(second.hearsNothing()).isTrue();

      first.responseHeaders(false, "status", "200");
      assertThat(first.next().hasResponseHeaders()).isTrue();
      assertThat(first.responseBody("x", true).responsePiece()).isEqualTo("x");

      assertThat(second.next().hasRequestHeaders()).isTrue();
      second.requestBody();
      second.cancel();
      first.close();
    }
  }
}
