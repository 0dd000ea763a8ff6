package dev.sluice.inference;

import static dev.sluice.inference.RequestScannerTest.utf8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.json.JsonMapper;

final class AnswersTest {
  private static final JsonMapper TREE = new JsonMapper();
  private static final String ANSWER =
      """
      {"id":"x","choices":[{"message":{"content":"say \\"usage\\":{\\"prompt_tokens\\":9} \\\\"},
      "usage":{"prompt_tokens":99,"completion_tokens":99}}],"x":"usage","u\\"sage":{"prompt_tokens":98},
      "usage" : {"completion_tokens":5,"prompt_tokens":3,"total_tokens":8,"weird":{"cached_tokens":7},
      "prompt_tokens_details":{"audio":1,"cached_tokens":2}},"object":"chat.completion"}\
      """;

  @Test
  void readsUsageWhereverAnAnswerIsCut() {
    var body = utf8(ANSWER);

    for (int cut = 0; cut <= body.length; cut++) {
      var reader = new UsageReader();
      reader.feed(ByteBuffer.wrap(body, 0, cut));
      reader.feed(
          ByteBuffer.allocateDirect(body.length - cut).put(body, cut, body.length - cut).flip());

      assertThat(reader.usage()).as("cut at %d", cut).contains(new Usage(3, 5, 8, 2));
    }
  }

  @Test
  void readsTheNamesOfTheResponsesApi() {
    var body =
        "{\"usage\":{\"input_tokens\":5,\"output_tokens\":6,\"input_tokens_details\":{\"cached_tokens\":1}}}";

    assertThat(UsageReader.read(utf8(body))).contains(new Usage(5, 6, 11, 1));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{}",
        "[{\"usage\":{\"prompt_tokens\":1}}]",
        "{\"usage\":null}",
        "{\"usage\":7}",
        "{\"usage\":{}}",
        "{\"usage\":{\"prompt_tokens\":\"1\"}}",
        "{\"usage\":{\"prompt_tokens\":-1}}",
        "{\"usage\":{\"prompt_tokens\":99999999999999999999}}",
        "{\"usage\":[{\"prompt_tokens\":1}]}",
        "{\"a\":{\"usage\":{\"prompt_tokens\":1}}}",
        "{\"usage\":{\"prompt_tokens\":1",
        "{\"usages\":{\"prompt_tokens\":1}}",
        "{\"usag\":{\"prompt_tokens\":1}}",
        "{\"u\\\"sage\":{\"prompt_tokens\":1}}",
        "<html>usage</html>",
      })
  void anAnswerWithoutUsageHasNone(String body) {
    assertThat(UsageReader.read(utf8(body))).isEmpty();
  }

  @Test
  void aUsageObjectOfAbsurdSizeIsNotKept() {
    var body =
        "{\"usage\":{\"x\":\""
            + "y".repeat(200_000)
            + "\",\"prompt_tokens\":1},\"z\":{\"usage\":1}}";

    assertThat(UsageReader.read(utf8(body))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void agreesWithATreeParserOnMutatedAnswers(long seed) {
    var random = new Random(seed);
    int readable = 0;
    for (int round = 0; round < 20_000; round++) {
      var body = utf8(ANSWER);
      body[random.nextInt(body.length)] = (byte) "{}[]\",:\\ 09a".charAt(random.nextInt(12));
      var usage = UsageReader.read(body);
      try {
        var tree = TREE.readTree(body);
        long expected = tree.path("usage").path("completion_tokens").asLong(0);
        assertThat(usage.map(Usage::completionTokens).orElse(0L))
            .as("seed %d: %s", seed, new String(body, java.nio.charset.StandardCharsets.UTF_8))
            .isEqualTo(expected);
        readable++;
      } catch (tools.jackson.core.JacksonException notJson) {
        assertThat(usage).isNotNull();
      }
    }
    assertThat(readable).isGreaterThan(1000);
  }

  @Test
  void writesErrorsAsClientsExpectThem() {
    var error = TREE.readTree(ErrorBody.modelNotFound("a\"b\n\u0001").toJson()).get("error");

    assertThat(error.propertyNames()).containsExactly("message", "type", "param", "code");
    assertThat(error.get("message").asString())
        .isEqualTo("The model 'a\"b\n\u0001' does not exist.");
    assertThat(error.get("type").asString()).isEqualTo("invalid_request_error");
    assertThat(error.get("param").asString()).isEqualTo("model");
    assertThat(error.get("code").asString()).isEqualTo("model_not_found");

    var limited = ErrorBody.rateLimited("full", "rejected-saturated");
    assertThat(limited.status()).isEqualTo(429);
    assertThat(TREE.readTree(limited.toJson()).at("/error/param").isNull()).isTrue();
    assertThat(TREE.readTree(limited.toJson()).at("/error/code").asString())
        .isEqualTo("rejected-saturated");
  }

  @Test
  void writesErrorsEvenForTextThatUtf8CannotHold() {
    var body = ErrorBody.invalidRequest("half a pair: \ud800.", "\udc00", "x").toJson();

    assertThat(TREE.readTree(body).at("/error/code").asString()).isEqualTo("x");
  }

  @Test
  void writesErrorsAsAnthropicsClientsExpectThem() {
    var json = TREE.readTree(ErrorBody.bodyTooLarge(9).in(ErrorForm.ANTHROPIC).toJson());

    assertThat(json.at("/type").asString()).isEqualTo("error");
    assertThat(json.at("/error/type").asString()).isEqualTo("request_too_large");
    assertThat(json.at("/error/message").asString()).contains("larger than 9 bytes");
    assertThat(
            List.of(400, 401, 403, 404, 408, 415, 429, 500, 502, 503, 504).stream()
                .map(status ->
                    new ErrorBody(status, "m", "t", "", "").in(ErrorForm.ANTHROPIC).toJson())
                .map(body -> TREE.readTree(body).at("/error/type").asString()))
        .containsExactly(
            "invalid_request_error",
            "authentication_error",
            "permission_error",
            "not_found_error",
            "invalid_request_error",
            "invalid_request_error",
            "rate_limit_error",
            "api_error",
            "api_error",
            "overloaded_error",
            "timeout_error");
  }

  @Test
  void eachErrorHasItsStatus() {
    assertThat(
            List.of(
                ErrorBody.invalidRequest("", "", ""),
                ErrorBody.authentication(""),
                ErrorBody.permission("", ""),
                ErrorBody.modelNotFound("m"),
                ErrorBody.unknownPath("GET", "/x"),
                ErrorBody.methodNotAllowed("GET", "/x"),
                ErrorBody.requestTimeout(""),
                ErrorBody.bodyTooLarge(1),
                ErrorBody.uriTooLong(1),
                ErrorBody.headersTooLarge(1),
                ErrorBody.internal(""),
                ErrorBody.badGateway(""),
                ErrorBody.unavailable("", "r"),
                ErrorBody.gatewayTimeout("")))
        .extracting(ErrorBody::status)
        .containsExactly(400, 401, 403, 404, 404, 405, 408, 413, 414, 431, 500, 502, 503, 504);
  }

  @Test
  void estimatesTokensFromSize() {
    var scan =
        new RequestScan(
            ApiKind.CHAT_COMPLETIONS,
            "m",
            false,
            false,
            0,
            1,
            1,
            41,
            5,
            2,
            100,
            200,
            BodySplice.NONE);

    assertThat(BySize.DEFAULT.inputTokens(scan)).isEqualTo(11 + 5 + 2048);
    assertThat(new BySize(2, 0).inputTokens(scan)).isEqualTo(21 + 5);
    assertThatThrownBy(() -> new BySize(0, 0)).hasMessageContaining("bytesPerToken: got 0.0");
    assertThatThrownBy(() -> new BySize(Double.NaN, 0)).hasMessageContaining("NaN");
  }

  @Test
  void findsTheKindByItsExactPath() {
    assertThat(ApiKind.ofPath("/v1/chat/completions")).contains(ApiKind.CHAT_COMPLETIONS);
    assertThat(ApiKind.ofPath("/v1/chat/completions/")).isEmpty();
  }
}
