package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Nothing is gained by leaving the key out, and every client may send it in its own header. */
class OneKeyTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String OK = RawEndpoint.json("{\"ok\":true}");
  private static final String CHAT = GatewayUnderTest.chat(7, false);

  /** SHA-256 of "secret". */
  private static final String SECRET =
      "2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b";

  private static GatewayUnderTest gateway(GatewayOptions options, EndpointConfig... endpoints) {
    var under =
        new GatewayUnderTest(0, GatewayUnderTest.quick(), FlowControlConfig.defaults(), options);
    under.use(List.of(endpoints));
    return under;
  }

  private static String raw(GatewayUnderTest under, String request) throws Exception {
    try (var client = new RawClient(under)) {
      client.send(request);
      return client.readTo("}");
    }
  }

  @Test
  void speaksToAnthropicsClientsAsTheyExpect() throws Exception {
    var events =
        """
        event: message_start
        data: {"type":"message_start","message":{"usage":{"input_tokens":25,"output_tokens":1}}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}

        event: message_stop
        data: {"type":"message_stop"}

        """;
    var answer = RawEndpoint.json(events).replace("application/json", "text/event-stream");
    var body = "{\"model\":\"sim\",\"max_tokens\":20,\"stream\":true,\"messages\":[]}";
    try (var endpoint = RawEndpoint.answering(answer);
        var under = gateway(keyed(), endpoint.config("a"))) {
      var path = "/v1/messages";
      var stream = under.post(path, body, "x-api-key", "secret");
      var unknown = under.post(path, body, "x-api-key", "wrong");
      var missing = under.post(path, body);
      var model = under.post(path, body.replace("sim", "no"), "x-api-key", "secret");
      var openAi = under.post("/v1/chat/completions", CHAT);

      assertThat(stream.body()).isEqualTo(events);
      assertThat(endpoint.requests()).singleElement().asString().endsWith(body);
      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(Usage.of(25, 15));
      for (var refused : List.of(unknown, missing)) {
        assertThat(refused.statusCode()).isEqualTo(401);
        assertThat(refused.body())
            .startsWith("{\"type\":\"error\",\"error\":{")
            .contains("\"type\":\"authentication_error\"");
      }
      assertThat(model.statusCode()).isEqualTo(404);
      assertThat(model.body()).startsWith("{\"type\":\"error\",").contains("not_found_error");
      assertThat(openAi.statusCode()).isEqualTo(401);
      assertThat(openAi.body()).startsWith("{\"error\":{");
    }
  }

  private static GatewayOptions keyed() {
    var gold =
        new TenantOptions("gold", 1, Set.of(SECRET), Set.of(), TenantOptions.BAND_TTL, false);
    return GatewayOptions.builder()
        .identity(
            new IdentityOptions(
                List.of(gold), Map.of(), false, IdentityOptions.TENANT_HEADERS, false))
        .build();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "Authorization: Bearer secret | 200",
        "api-key: secret | 200",
        "X-Api-Key: secret | 200",
        "X-None: 1 | 401",
        "Authorization: Bearer secret;Authorization: Bearer secret | 401",
        "Authorization: Bearer secret;x-api-key: secret | 401",
        "Authorization:;x-api-key: secret | 401",
        "Authorization: | 401"
      })
  void knowsAClientByOneKeyInOnePlace(String headers, int status) throws Exception {
    try (var endpoint = RawEndpoint.answering(OK);
        var under = gateway(keyed(), endpoint.config("a"))) {
      var request = RawClient.post("/v1/chat/completions", CHAT, headers.trim().split(";", -1));

      assertThat(raw(under, request)).startsWith("HTTP/1.1 " + status + " ");

      assertThat(endpoint.requests()).hasSize(status == 200 ? 1 : 0);
      assertThat(under.dispatched()).allSatisfy(r -> assertThat(r.tenant()).isEqualTo("gold"));
    }
  }
}
