package dev.sluice.epp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.serving.route.Routes;
import io.envoyproxy.envoy.service.ext_proc.v3.ImmediateResponse;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The answers to requests that are not sent on: upstream's table, row by row. */
final class RefusalsTest {

  private static void check(ImmediateResponse refusal, int status, String code, String reason) {
    assertThat(refusal.getStatus().getCodeValue()).isEqualTo(status);
    assertThat(refusal.getBody().toStringUtf8()).startsWith("inference error: " + code + " - ");
    if (reason.isEmpty()) {
      assertThat(StrictProxy.set(refusal)).doesNotContainKey("x-llm-d-request-dropped-reason");
    } else {
      assertThat(StrictProxy.set(refusal))
          .containsEntry("x-llm-d-request-dropped-reason", reason)
          .containsKey("retry-after");
    }
  }

  private static ImmediateResponse answer(PickerUnderTest picker, String path, String body)
      throws InterruptedException {
    return picker.open().headers(":path", path).body(body, true).refusal();
  }

  @Test
  @DisplayName("T09 refuses a request without a body with 503 if the pool is empty, not with 500")
  void refusesHeaderOnlyRequestsOfAnEmptyPool() throws InterruptedException {
    try (var picker = new PickerUnderTest(0, PickerOptions.DEFAULT)) {
      var refusal =
          picker
              .open()
              .headers(
                  io.envoyproxy.envoy.config.core.v3.Metadata.getDefaultInstance(),
                  true,
                  "content-type",
                  "application/json")
              .refusal();

      check(refusal, 503, "ServiceUnavailable", "rejected-no-endpoints");
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "T10 no model, /v1/completions, `{\"prompt\":\"hello world\"}`",
        "T11 no JSON, /v1/completions, no healthy upstream"
      })
  void refusesMalformedBodies(String name, String path, String body) throws InterruptedException {
    try (var picker = new PickerUnderTest(1, PickerOptions.DEFAULT)) {
      check(answer(picker, path, body), 400, "BadRequest", "");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/responses"})
  @DisplayName("T13 leaves a missing prompt to the model server, which knows what it needs")
  void passesBodiesWithoutPrompt(String path) throws InterruptedException {
    try (var picker = new PickerUnderTest(1, PickerOptions.DEFAULT)) {
      var proxy = picker.open().headers(":path", path).body("{\"model\":\"m\"}", true);

      assertThat(proxy.next().hasRequestHeaders()).isTrue();
      proxy.cancel();
    }
  }

  @Test
  @DisplayName("T10 says what upstream says")
  void saysThatTheModelIsMissing() throws InterruptedException {
    try (var picker = new PickerUnderTest(1, PickerOptions.DEFAULT)) {
      var refusal = answer(picker, "/v1/completions", "{\"prompt\":\"hello world\"}");

      assertThat(refusal.getBody().toStringUtf8())
          .isEqualTo("inference error: BadRequest - model not found in request body");
    }
  }

  @Test
  @DisplayName("T12 refuses an unknown path if the routes say so, with 404 and not with 400")
  void refusesUnknownPaths() throws InterruptedException {
    try (var picker = new PickerUnderTest(1, PickerOptions.DEFAULT.withRoutes(Routes.DEFAULT))) {
      check(answer(picker, "/v1/unknown", "x"), 404, "NotFound", "");
    }
  }

  @Test
  @DisplayName("A model that no endpoint has is refused with 404")
  void refusesUnknownModels() throws InterruptedException {
    try (var picker = new PickerUnderTest(0, PickerOptions.DEFAULT)) {
      picker.use(
          List.of(PickerUnderTest.serving("a", "http://" + PickerUnderTest.address(0), "other")));

      check(
          answer(picker, "/v1/completions", PickerUnderTest.completion("x")), 404, "NotFound", "");
    }
  }

  @Test
  @DisplayName("A body above the limit is refused with 413 before it is complete")
  void refusesLargeBodies() throws InterruptedException {
    try (var picker = new PickerUnderTest(1, PickerOptions.DEFAULT.withMaxBodyBytes(1_000))) {
      var refusal = picker.open().headers("hi", "mom").body("x".repeat(1_001), false).refusal();

      check(refusal, 413, "PayloadTooLarge", "");
    }
  }

  @Test
  @DisplayName("Refusals are JSON if the options say so")
  void answersInJson() throws InterruptedException {
    try (var picker =
        new PickerUnderTest(1, PickerOptions.DEFAULT.withErrorFormat(ErrorFormat.JSON))) {
      var openAi = answer(picker, "/v1/completions", "no JSON");
      assertThat(openAi.getBody().toStringUtf8()).startsWith("{\"error\":{\"message\":");
      assertThat(StrictProxy.set(openAi)).containsEntry("content-type", "application/json");

      var anthropic = answer(picker, "/v1/messages", "no JSON");
      assertThat(anthropic.getBody().toStringUtf8()).startsWith("{\"type\":\"error\"");
    }
  }

  private static PickerUnderTest picker(int endpoints, FlowControlConfig.Builder config) {
    return new PickerUnderTest(
        endpoints, PickerOptions.DEFAULT, config.build(), PickerUnderTest.plain(4 << 20));
  }

  @Test
  @DisplayName("T41 queue capacity: 429, rejected-saturated")
  void refusesIfTheQueueIsFull() throws InterruptedException {
    var full =
        PickerUnderTest.roomFor(1)
            .displacement(false)
            .defaultBand(BandConfig.DEFAULT.withLimits(1, 1 << 20));
    try (var picker = picker(1, full)) {
      var running = picker.sent();
      var waiting = picker.open().headers("hi", "mom").body(PickerUnderTest.completion("a"), true);
      await().until(() -> picker.controller.view().queuedRequests() == 1);

      check(
          answer(picker, "/v1/completions", PickerUnderTest.completion("b")),
          429,
          "ResourceExhausted",
          "rejected-saturated");
      running.cancel();
      waiting.cancel();
    }
  }

  @Test
  @DisplayName("T41 time to live over, endpoints exist: 429, rejected-ttl-expired")
  void refusesAfterTheTimeToLive() throws InterruptedException {
    try (var picker = picker(1, PickerUnderTest.roomFor(1).defaultTtl(Duration.ofMillis(50)))) {
      var running = picker.sent();

      check(
          answer(picker, "/v1/completions", PickerUnderTest.completion("b")),
          429,
          "ResourceExhausted",
          "rejected-ttl-expired");
      running.cancel();
    }
  }

  @Test
  @DisplayName("T41 no endpoints: 503, rejected-no-endpoints")
  void refusesIfThereAreNoEndpoints() throws InterruptedException {
    try (var picker = picker(0, PickerUnderTest.unlimited())) {
      check(
          answer(picker, "/v1/completions", PickerUnderTest.completion("b")),
          503,
          "ServiceUnavailable",
          "rejected-no-endpoints");
    }
  }

  @Test
  @DisplayName("T41 shutting down: 503, rejected-shutting-down")
  void refusesDuringShutdown() throws InterruptedException {
    try (var picker = picker(1, PickerUnderTest.roomFor(1))) {
      var running = picker.sent();
      var waiting = picker.open().headers("hi", "mom").body(PickerUnderTest.completion("a"), true);
      await().until(() -> picker.controller.view().queuedRequests() == 1);

      var _ = picker.controller.shutdown(Duration.ZERO);

      check(waiting.refusal(), 503, "ServiceUnavailable", "rejected-shutting-down");
      running.cancel();
    }
  }
}
