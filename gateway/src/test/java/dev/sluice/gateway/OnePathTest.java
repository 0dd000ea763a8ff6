package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nobody gets around flow control by the spelling of a path, or by another API. */
class OnePathTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String OK = RawEndpoint.json("{\"ok\":true}");
  private static final String CHAT = GatewayUnderTest.chat(7, false);

  private static GatewayUnderTest gateway(GatewayOptions options, EndpointConfig... endpoints) {
    var under =
        new GatewayUnderTest(0, GatewayUnderTest.quick(), FlowControlConfig.defaults(), options);
    under.use(List.of(endpoints));
    return under;
  }

  private static EndpointConfig serving(EndpointConfig endpoint, String model) {
    return new EndpointConfig(endpoint.id(), endpoint.url(), Set.of(model), Set.of(), 1.0, 0);
  }

  private static String raw(GatewayUnderTest under, String request) throws Exception {
    try (var client = new RawClient(under)) {
      client.send(request);
      return client.readTo("}");
    }
  }

  /** Each of these passed unread, cost nothing, and went to servers without the model. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/%63hat/completions",
        "//v1/chat/completions",
        "/v1/chat/completions/",
        "/v1/./chat/x/../completions",
        "/v1%2fchat/completions",
        "/v1/chat/completions;a=b",
        "http://gate/v1/chat/completions"
      })
  void readsChargesAndRoutesHoweverThePathIsSpelled(String path) throws Exception {
    try (var with = RawEndpoint.answering(OK);
        var without = RawEndpoint.answering(OK);
        var under =
            gateway(GatewayOptions.DEFAULT, with.config("a"), serving(without.config("b"), "x"))) {
      for (var i = 0; i < 4; i++) {
        assertThat(raw(under, RawClient.post(path + "?q=%41", CHAT))).startsWith("HTTP/1.1 200 ");
      }

      assertThat(without.requests()).isEmpty();
      assertThat(with.requests())
          .hasSize(4)
          .allSatisfy(request ->
              assertThat(request).startsWith("POST /v1/chat/completions?q=%41 HTTP/1.1\r\n"));
      assertThat(under.dispatched())
          .allSatisfy(request -> {
            assertThat(request.eligibility().model()).isEqualTo("sim");
            assertThat(request.maxOutputTokens()).isEqualTo(7);
            assertThat(request.inputTokens()).isPositive();
          });
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /metrics, 404",
    "POST, /sleep, 404",
    "POST, /flush_cache, 404",
    "POST, /v1/unload_lora_adapter, 404",
    "POST, /collective_rpc, 404",
    "POST, /v1/chat/completions/../../../sleep, 404",
    "POST, /v1/chat/completions/..%2f..%2f..%2fsleep, 404",
    "POST, /%73leep, 404",
    "POST, /v1/%zz, 400",
    "POST, /sleep%00, 400"
  })
  void keepsClientsFromTheManagementOfServers(String method, String path, int status)
      throws Exception {
    try (var endpoint = RawEndpoint.answering(OK);
        var under = gateway(GatewayOptions.DEFAULT, endpoint.config("a"))) {
      var request = method + " " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";

      assertThat(raw(under, request)).startsWith("HTTP/1.1 " + status + " ");

      assertThat(endpoint.requests()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "/v1/messages | {'model':'sim','max_tokens':7,'messages':[{'role':'user','content':'12345678'}]}",
        "/invocations | {'model':'sim','max_tokens':7,'messages':[{'role':'user','content':'12345678'}]}",
        "/generate | {'model':'sim','text':'12345678','sampling_params':{'max_new_tokens':7}}",
        "/generate_stream | {'model':'sim','inputs':'12345678','parameters':{'max_new_tokens':7}}",
        "/completion | {'model':'sim','prompt':'12345678','n_predict':7}",
        "/v1/rerank | {'model':'sim','query':'1234','documents':['12345678','x']}",
        "/score | {'model':'sim','text_1':'1234','text_2':['12345678','x']}",
        "/tokenize | {'model':'sim','prompt':'12345678'}"
      })
  void readsEveryApi(String path, String body) throws Exception {
    try (var with = RawEndpoint.answering(OK);
        var without = RawEndpoint.answering(OK);
        var under =
            gateway(GatewayOptions.DEFAULT, serving(without.config("b"), "x"), with.config("a"))) {
      var json = body.replace('\'', '"');

      assertThat(under.post(path, json).statusCode()).isEqualTo(200);
      assertThat(under.post(path, json.replace("sim", "no")).statusCode()).isEqualTo(404);
      assertThat(under.post(path, json.replace("\"model\":\"sim\",", "")).statusCode())
          .isEqualTo(400);

      assertThat(without.requests()).isEmpty();
      assertThat(with.requests()).hasSize(1);
      assertThat(with.requests().getFirst()).endsWith(json);
      var request = under.dispatched().getFirst();
      assertThat(request.eligibility().model()).isEqualTo("sim");
      assertThat(request.inputTokens()).isBetween(2L, 12L);
      assertThat(request.maxOutputTokens()).isIn(7L, 0L);
    }
  }

  @Test
  void readsTheModelBesideARecording() throws Exception {
    try (var with = RawEndpoint.answering(OK);
        var without = RawEndpoint.answering(OK);
        var under =
            gateway(GatewayOptions.DEFAULT, serving(without.config("b"), "x"), with.config("a"))) {
      var body =
          "--cut\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.wav\"\r\n\r\n"
              + "R".repeat(300_000)
              + "\r\n--cut\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nsim\r\n"
              + "--cut--\r\n";
      var request =
          RawClient.post(
              "/v1/audio/transcriptions", body, "Content-Type: multipart/form-data; boundary=cut");

      assertThat(raw(under, request)).startsWith("HTTP/1.1 200 ");
      assertThat(raw(under, request.replace("boundary=cut", "boundary=no")))
          .startsWith("HTTP/1.1 400 ");

      assertThat(with.requests()).singleElement().asString().endsWith(body);
      assertThat(under.dispatched().getFirst().eligibility().model()).isEqualTo("sim");
      assertThat(under.dispatched().getFirst().hasMedia()).isTrue();
    }
  }

  @Test
  void refusesACompressedBody() throws Exception {
    try (var endpoint = RawEndpoint.answering(OK);
        var under = gateway(GatewayOptions.DEFAULT, endpoint.config("a"))) {
      var answer = under.post("/v1/chat/completions", CHAT, "content-encoding", "gzip");

      assertThat(answer.statusCode()).isEqualTo(415);
      assertThat(answer.body()).contains("unsupported_media_type");
      assertThat(endpoint.requests()).isEmpty();
    }
  }

  /** Each was refused with 400, although servers take it. What is forwarded is what came. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "{'messages':[]}",
        "{'model':null,'messages':[]}",
        "{'model':'','messages':[]}",
        "{'model':'sim','messages':[],'max_tokens':0}",
        "{'model':'sim','messages':[],'max_tokens':-1}",
        "{'model':'sim','messages':[],'max_tokens':4096.0}",
        "{'model':'sim','messages':[],'n':'2'}",
        "{'model':'sim','messages':'hello','temperature':1e0}",
        "{'model':'sim'}"
      })
  void isNotStricterThanTheServersBehind(String body) throws Exception {
    try (var endpoint = RawEndpoint.answering(OK);
        var under = gateway(GatewayOptions.DEFAULT, endpoint.config("a"))) {
      under.pool().modelsRead("a", List.of(ServedModel.of("sim")));
      var json = body.replace('\'', '"');

      assertThat(under.post("/v1/chat/completions", json).statusCode()).isEqualTo(200);

      assertThat(endpoint.requests()).singleElement().asString().endsWith("\r\n\r\n" + json);
      assertThat(under.dispatched().getFirst().eligibility().model()).isEqualTo("sim");
    }
  }
}
