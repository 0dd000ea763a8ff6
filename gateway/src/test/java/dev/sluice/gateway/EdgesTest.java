package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import io.netty.channel.embedded.EmbeddedChannel;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests at the edge of the protocol, and those of browsers, SDKs and load balancers. */
class EdgesTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT = "/v1/chat/completions";
  private static final String REASON = "x-llm-d-request-dropped-reason";

  private static GatewayUnderTest gateway(GatewayOptions options) {
    return new GatewayUnderTest(1, GatewayUnderTest.quick(), FlowControlConfig.defaults(), options);
  }

  private static IdentityOptions keys(String key) throws Exception {
    var digest = MessageDigest.getInstance("SHA-256").digest(key.getBytes(US_ASCII));
    var tenant =
        new TenantOptions(
            "gold",
            0,
            Set.of(HexFormat.of().formatHex(digest)),
            Set.of(),
            TenantOptions.BAND_TTL,
            false);
    return new IdentityOptions(
        List.of(tenant), Map.of(), false, IdentityOptions.TENANT_HEADERS, true);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "GET /v1/models HTTP/1.1\\r\\n|no Host",
        "GET /v1/models HTTP/1.1\\r\\nHost: a\\r\\nHost: b\\r\\n|more than one Host",
        "GET /v1/models HTTP/1.0\\r\\nHost: a\\r\\nHost: a\\r\\n|more than one Host",
        "GET /v1/models HTTP/1.1\\r\\nHost: a/b\\r\\n|Host header is not",
        "GET /v1/models HTTP/1.1\\r\\nHost: user@a\\r\\n|Host header is not",
        "GET /v1/models HTTP/1.1\\r\\nHost: a, b\\r\\n|Host header is not",
        "GET v1/models HTTP/1.1\\r\\nHost: a\\r\\n|begins with a slash",
        "GET /v1/models#x HTTP/1.1\\r\\nHost: a\\r\\n|0x23",
        "GET /v1/\\0models HTTP/1.1\\r\\nHost: a\\r\\n|\"error\"",
        "GET /v1/mo\\tdels HTTP/1.1\\r\\nHost: a\\r\\n|\"error\"",
        "GET /v1/models\\x7f HTTP/1.1\\r\\nHost: a\\r\\n|0x7f",
        "GET ftp://a/v1/models HTTP/1.1\\r\\nHost: a\\r\\n|begins with a slash",
        "GET /v1/models HTTP/1.1\\r\\nHost: a\\r\\n: b\\r\\n|without a name",
        "POST /v1/chat/completions HTTP/1.1\\r\\nHost: a\\r\\nTransfer-Encoding: gzip, chunked\\r\\n|not \\\"chunked",
        "GET http:///v1/models HTTP/1.1\\r\\nHost: a\\r\\n|no valid host",
        "GET http://u:p@a/v1/models HTTP/1.1\\r\\nHost: a\\r\\n|no valid host",
      })
  void refusesAHeadThatTwoProgramsCouldReadInTwoWays(String head, String why) throws Exception {
    var text =
        head.replace("\\r\\n", "\r\n")
            .replace("\\0", "\0")
            .replace("\\t", "\t")
            .replace("\\x7f", "\u007f");
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = new RawClient(under)) {
      client.send(text + "\r\n");

      var answer = client.readAll();

      assertThat(answer).contains(" 400 ", why);
      assertThat(answer.toLowerCase(Locale.ROOT)).contains("connection: close");
      assertThat(under.dispatched()).isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"HTTP/3.7", "HTTP/2.0", "HTTP/0.9"})
  void refusesAVersionThatItDoesNotSpeak(String version) throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = new RawClient(under)) {
      client.send("GET /v1/models " + version + "\r\nHost: a\r\n\r\n");

      assertThat(client.readAll()).startsWith("HTTP/1.1 505 ").contains(version);
    }
  }

  @Test
  void readsALaterMinorVersionAsHttp11() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = new RawClient(under)) {
      client.send("GET /v1/models HTTP/1.7\r\nHost: a\r\n\r\n");

      assertThat(client.readTo("\"list\"")).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void doesNotAskForABodyThatItRefuses() throws Exception {
    var options = GatewayOptions.builder().maxBodyBytes(10_000).build();
    try (var under = gateway(options);
        var tooLarge = new RawClient(under);
        var odd = new RawClient(under);
        var noPath = new RawClient(under)) {
      var expect = "Host: a\r\nExpect: 100-continue\r\nContent-Length: 10001\r\n\r\n";
      tooLarge.send("POST " + CHAT + " HTTP/1.1\r\n" + expect);
      odd.send("POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nContent-Length: 5\r\n\r\n");
      noPath.send("BREW " + CHAT + " HTTP/1.1\r\n" + expect);

      assertThat(tooLarge.readAll())
          .startsWith("HTTP/1.1 413 ")
          .containsIgnoringCase("connection: close");
      assertThat(odd.readAll()).startsWith("HTTP/1.1 417 ");
      assertThat(noPath.readAll()).startsWith("HTTP/1.1 405 ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "GET /v1/models",
        "GET /health",
        "OPTIONS *",
        "OPTIONS /v1/models",
        "GET /v1/models/none",
        "POST /v1/unknown"
      })
  void closesIfItAnswersAClientThatStillWaitsToSendItsBody(String line) throws Exception {
    var cors = new Cors(List.of("*"), Duration.ofMinutes(5));
    try (var under = gateway(GatewayOptions.builder().cors(cors).build());
        var client = new RawClient(under)) {
      client.send(
          line
              + " HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n"
              + "Origin: https://a.example\r\nAccess-Control-Request-Method: GET\r\n\r\n");

      assertThat(client.readAll())
          .startsWith("HTTP/1.1 ")
          .doesNotContain("100 Continue")
          .containsIgnoringCase("connection: close");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2})
  void readsHeadsOfTheConfiguredLengthInBothProtocols(int version) throws Exception {
    var protocol = version == 2 ? HttpClient.Version.HTTP_2 : HttpClient.Version.HTTP_1_1;
    var options = GatewayOptions.builder().maxHeaderBytes(20_000).build();
    try (var under = gateway(options);
        var client = HttpClient.newBuilder().version(protocol).build()) {
      var first = HttpRequest.newBuilder(under.uri("/v1/models")).build();
      assertThat(client.send(first, HttpResponse.BodyHandlers.ofString()).version())
          .isEqualTo(protocol);

      var request = HttpRequest.newBuilder(under.uri("/v1/models"));
      var fits = request.header("x-token", "t".repeat(18_000)).build();
      assertThat(client.send(fits, HttpResponse.BodyHandlers.ofString()).statusCode())
          .isEqualTo(200);
    }
  }

  @Test
  void readsASocketOnceInATurnOfItsLoop() {
    var reads = ClientConnection.reads().newHandle();
    var config = new EmbeddedChannel().config();
    reads.reset(config);
    var bytes = reads.guess();
    reads.attemptedBytesRead(bytes);
    reads.lastBytesRead(bytes); // a full buffer, so there may be more
    reads.incMessagesRead(1);

    assertThat(reads.continueReading()).isFalse();
  }

  @Test
  void takesAClientThatClosesItsHalfForGone() throws Exception {
    var slow = ModelServerOptions.builder().timeToFirstToken(Duration.ofMinutes(5)).build();
    try (var under =
            new GatewayUnderTest(1, slow, FlowControlConfig.defaults(), GatewayOptions.DEFAULT);
        var client = RawClient.chat(under, GatewayUnderTest.chat(1, false))) {
      await().atMost(SOON).until(() -> under.controller().view().runningRequests() == 1);
      client.closeHalf();

      await().atMost(SOON).until(under::isQuiet);
      assertThat(client.readAll()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"authorization,Bearer secret", "x-api-key,secret", "api-key,secret"})
  void keepsItsOwnKeysFromEndpoints(String header, String value) throws Exception {
    try (var under = gateway(GatewayOptions.builder().identity(keys("secret")).build());
        var endpoint = RawEndpoint.answering(RawEndpoint.json("{\"usage\":{}}"))) {
      under.use(List.of(endpoint.config("raw")));

      var answer = under.post(CHAT, GatewayUnderTest.chat(1, false), header, value);

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(endpoint.requests().getFirst()).doesNotContain("secret");
    }
  }

  @Test
  void tellsClientsOfADrainingGatewayToGoElsewhere() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var idle = RawClient.chat(under, GatewayUnderTest.chat(1, false));
        var late = new RawClient(under)) {
      idle.readTo("completion_tokens");
      var _ = under.controller().shutdown(Duration.ZERO);
      under.gateway().drain();

      assertThat(idle.readAll()).as("idle, so closed").startsWith("HTTP/1.1 200 ");
      late.close();
      try (var fresh = RawClient.chat(under, GatewayUnderTest.chat(1, false));
          var health = new RawClient(under)) {
        assertThat(fresh.readAll())
            .startsWith("HTTP/1.1 503 ")
            .containsIgnoringCase("connection: close")
            .contains("retry-after: 1\r\n", "x-should-retry: true\r\n", "rejected-shutting-down");
        health.send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
        assertThat(health.readAll()).startsWith("HTTP/1.1 503 ");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/health", "/healthz", "/ping"})
  void tellsItsHealthWithoutAKeyAndWithoutAQueue(String path) throws Exception {
    try (var under = gateway(GatewayOptions.builder().identity(keys("secret")).build())) {
      under.use(List.of()); // no endpoint would answer

      assertThat(under.get(path).statusCode()).isEqualTo(200);
      assertThat(under.dispatched()).isEmpty();
    }
  }

  @Test
  void answersABrowsersPreflightBeforeItAsksForAKey() throws Exception {
    var cors = new Cors(List.of("https://chat.example.com"), Duration.ofMinutes(5));
    var options = GatewayOptions.builder().identity(keys("secret")).cors(cors).build();
    try (var under = gateway(options);
        var endpoint =
            RawEndpoint.answering(
                RawEndpoint.json("{\"usage\":{}}")
                    .replaceFirst("\r\n", "\r\nAccess-Control-Allow-Origin: *\r\n"))) {
      under.use(List.of(endpoint.config("raw")));
      var preflight = browser(under, "OPTIONS", "https://chat.example.com", "");
      var stranger = browser(under, "OPTIONS", "https://evil.example.com", "");
      var refused = browser(under, "POST", "https://chat.example.com", "wrong");
      var served = browser(under, "POST", "https://chat.example.com", "secret");

      assertThat(preflight.statusCode()).isEqualTo(204);
      assertThat(allowed(preflight)).containsExactly("https://chat.example.com");
      assertThat(preflight.headers().firstValue("access-control-allow-headers"))
          .hasValue("authorization,x-stainless-os");
      assertThat(preflight.headers().firstValue("access-control-max-age")).hasValue("300");
      assertThat(preflight.headers().firstValue("vary")).hasValue("origin");
      assertThat(stranger.statusCode()).isEqualTo(403);
      assertThat(allowed(stranger)).isEmpty();
      assertThat(refused.statusCode()).isEqualTo(401);
      assertThat(allowed(refused)).containsExactly("https://chat.example.com");
      assertThat(refused.headers().firstValue("access-control-expose-headers").orElse(""))
          .contains("retry-after", REASON);
      assertThat(served.statusCode()).isEqualTo(200);
      assertThat(allowed(served)).containsExactly("https://chat.example.com");
    }
  }

  private static List<String> allowed(HttpResponse<String> answer) {
    return answer.headers().allValues("access-control-allow-origin");
  }

  private static HttpResponse<String> browser(
      GatewayUnderTest under, String method, String origin, String key) throws Exception {
    var request =
        HttpRequest.newBuilder(under.uri(CHAT))
            .header("origin", origin)
            .method(
                method,
                method.equals("POST")
                    ? HttpRequest.BodyPublishers.ofString(GatewayUnderTest.chat(1, false))
                    : HttpRequest.BodyPublishers.noBody());
    if (method.equals("OPTIONS")) {
      request.header("access-control-request-method", "POST");
      request.header("access-control-request-headers", "authorization,x-stainless-os");
    } else {
      request.header("authorization", "Bearer " + key);
    }
    try (var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
  }

  @Test
  void hidesTheAddressOfAnEndpointThatRedirects() throws Exception {
    var port = new CompletableFuture<Integer>();
    try (var under = gateway(GatewayOptions.DEFAULT);
        var endpoint =
            new RawEndpoint((socket, out) ->
                out.write(
                    ("HTTP/1.1 307 Temporary Redirect\r\nContent-Length: 0\r\nLocation: "
                            + "http://127.0.0.1:"
                            + port.join()
                            + "/v1/chat/completions/?a=b\r\n\r\n")
                        .getBytes(US_ASCII)))) {
      port.complete(endpoint.config("raw").port());
      under.use(List.of(endpoint.config("raw")));

      var answer = under.post(CHAT, GatewayUnderTest.chat(1, false));

      assertThat(answer.statusCode()).isEqualTo(307);
      assertThat(answer.headers().firstValue("location")).hasValue("/v1/chat/completions/?a=b");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "http://10.0.0.5:8000/a/b?c=d#e, /a/b?c=d#e",
    "https://10.0.0.5:8000/a, /a",
    "//10.0.0.5:8000/a, /a",
    "http://10.0.0.5/a, /a",
    "http://10.0.0.5:8000//evil.example.com/a, /evil.example.com/a",
    "http://10.0.0.5:8000, /",
    "http://pre.fix:80/v9/a, /a",
    "http://pre.fix/v9/a, /a",
    "http://10.0.0.5:9000/a, http://10.0.0.5:9000/a",
    "https://cdn.example.com/a, https://cdn.example.com/a",
    "/a, /a",
    "not an address, not an address"
  })
  void changesTheAddressesOfEndpointsOnly(String address, String seen) {
    var endpoints =
        List.of(
            GatewayUnderTest.endpoint("a", "http://10.0.0.5:8000"),
            GatewayUnderTest.endpoint("b", "http://pre.fix/v9"));

    assertThat(new Redirects(() -> endpoints).forClient(address)).isEqualTo(seen);
  }

  @Test
  void endsAnAnswerWithoutLengthForHttp10ByClosing() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = new RawClient(under)) {
      client.send(
          RawClient.post(CHAT, GatewayUnderTest.chat(2, true), "Connection: keep-alive")
              .replace("HTTP/1.1", "HTTP/1.0"));

      assertThat(client.readAll())
          .startsWith("HTTP/1.0 200 ")
          .containsIgnoringCase("connection: close")
          .doesNotContainIgnoringCase("chunked")
          .contains("[DONE]");
    }
  }

  @Test
  void servesARequestWithABodyInHttp11ThoughItAsksForHttp2() throws Exception {
    var chat = GatewayUnderTest.chat(1, false);
    var large = chat.replace("12345678", "1".repeat(2_000_000));
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
      var post =
          HttpRequest.newBuilder(under.uri(CHAT))
              .POST(HttpRequest.BodyPublishers.ofString(large))
              .build();
      var get = HttpRequest.newBuilder(under.uri("/v1/models")).build();

      var first =
          client.sendAsync(post, HttpResponse.BodyHandlers.ofString()).get(60, TimeUnit.SECONDS);
      var second =
          client.sendAsync(get, HttpResponse.BodyHandlers.ofString()).get(60, TimeUnit.SECONDS);

      assertThat(first.statusCode()).isEqualTo(200);
      assertThat(first.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
      assertThat(second.statusCode()).isEqualTo(200);
    }
  }

  @Test
  void upgradesARequestWithoutABody() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_2).build()) {
      var get = HttpRequest.newBuilder(URI.create(under.uri("/v1/models").toString())).build();

      var answer =
          client.sendAsync(get, HttpResponse.BodyHandlers.ofString()).get(60, TimeUnit.SECONDS);

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.version()).isEqualTo(HttpClient.Version.HTTP_2);
    }
  }

  @Test
  void answersTheQuestionWhatTheServerCanDo() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = new RawClient(under)) {
      client.send("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");

      assertThat(client.readTo("\r\n\r\n")).startsWith("HTTP/1.1 204 ").contains("allow: GET");
    }
  }
}
