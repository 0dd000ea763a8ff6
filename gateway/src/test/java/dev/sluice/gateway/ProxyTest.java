package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.endpoints.health.Health;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import dev.sluice.serving.route.Routes;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/**
 * The parts of a request and of an answer that pass through, and the next endpoint if one fails.
 */
class ProxyTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT = "/v1/chat/completions";
  private static final String BODY = GatewayUnderTest.chat(1, false);
  private static final String OK = RawEndpoint.json("{\"ok\":true}");

  private static GatewayUnderTest gateway(GatewayOptions options, EndpointConfig... endpoints) {
    var routes = new Routes(Map.of("/v1/files", Routes.UNREAD, "/v1/files/*", Routes.UNREAD));
    var under =
        new GatewayUnderTest(
            0,
            GatewayUnderTest.quick(),
            FlowControlConfig.defaults(),
            options.toBuilder().routes(routes).build());
    under.use(List.of(endpoints));
    return under;
  }

  private static GatewayUnderTest gateway(EndpointConfig... endpoints) {
    return gateway(GatewayOptions.DEFAULT, endpoints);
  }

  private static GatewayUnderTest repeating(EndpointConfig... endpoints) {
    return gateway(GatewayOptions.builder().repeatAfterClose(true).build(), endpoints);
  }

  @Test
  void passesARequestOnWithoutWhatIsNotForTheEndpoint() throws Exception {
    var identity = new IdentityOptions(List.of(), Map.of(), true, List.of("X-Tenant"), false);
    try (var endpoint = RawEndpoint.answering(OK);
        var under =
            gateway(GatewayOptions.builder().identity(identity).build(), endpoint.config("e"));
        var client =
            RawClient.chat(
                under,
                BODY,
                "X-Custom: kept",
                "Authorization: Bearer of-the-endpoint",
                "X-Request-Id: mine",
                "X-Tenant: somebody",
                "x-llm-d-inference-ttl: 5s",
                "Accept-Encoding: gzip",
                "Connection: keep-alive, X-Hop",
                "X-Hop: 1",
                "Keep-Alive: timeout=5",
                "Proxy-Authorization: Basic eA==",
                "TE: trailers")) {
      assertThat(client.readTo("{\"ok\":true}")).startsWith("HTTP/1.1 200 ");

      var sent = endpoint.requests().getFirst();
      assertThat(sent).startsWith("POST " + CHAT + " HTTP/1.1\r\n").endsWith("\r\n\r\n" + BODY);
      var head = sent.substring(0, sent.indexOf("\r\n\r\n")).toLowerCase(Locale.ROOT);
      assertThat(head.lines().skip(1).map(line -> line.substring(0, line.indexOf(':'))))
          .containsExactlyInAnyOrder(
              "host", "x-custom", "authorization", "x-request-id", "content-length");
      assertThat(head)
          .contains("x-custom: kept", "bearer of-the-endpoint", "x-request-id: mine")
          .doesNotContain("host: gate");
    }
  }

  @Test
  void keepsItsClientsKeysToItselfAndShowsItsOwn() throws Exception {
    var gold =
        new TenantOptions(
            "gold",
            1,
            // SHA-256 of "secret"
            Set.of("2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"),
            Set.of(),
            TenantOptions.BAND_TTL,
            false);
    var identity =
        new IdentityOptions(List.of(gold), Map.of(), false, IdentityOptions.TENANT_HEADERS, true);
    var options = GatewayOptions.builder().identity(identity).build();
    try (var endpoint = RawEndpoint.answering(OK);
        var plain = gateway(options, endpoint.config("e"));
        var keyed =
            gateway(options.toBuilder().upstreamApiKey("sesame").build(), endpoint.config("e"))) {
      plain.post(CHAT, BODY, "authorization", "Bearer secret");
      keyed.post(CHAT, BODY, "authorization", "Bearer secret");

      assertThat(endpoint.requests().getFirst()).doesNotContainIgnoringCase("authorization");
      assertThat(endpoint.requests().getLast())
          .containsIgnoringCase("authorization: Bearer sesame\r\n")
          .doesNotContain("secret");
    }
  }

  @Test
  void passesAnAnswerOnWithoutWhatIsForTheConnection() throws Exception {
    var answer =
        String.join(
            "\r\n",
            "HTTP/1.1 418 Teapot",
            "X-A: 1",
            "Set-Cookie: a=1",
            "Set-Cookie: b=2",
            "Connection: keep-alive, X-Hop",
            "X-Hop: 1",
            "Keep-Alive: timeout=5",
            "Proxy-Authenticate: Basic",
            "Content-Length: 2",
            "",
            "hi");
    try (var endpoint = RawEndpoint.answering(answer);
        var under = gateway(endpoint.config("e"))) {
      var got = under.post(CHAT, BODY);

      assertThat(got.statusCode()).isEqualTo(418);
      assertThat(got.body()).isEqualTo("hi");
      assertThat(got.headers().map().keySet())
          .containsExactlyInAnyOrder("x-a", "set-cookie", "content-length", "x-request-id");
      assertThat(got.headers().allValues("set-cookie")).containsExactly("a=1", "b=2");
      assertThat(endpoint.requests().getFirst())
          .contains(got.headers().firstValue("x-request-id").orElseThrow());
    }
  }

  @Test
  void passesAnAnswerWithoutABodyOn() throws Exception {
    try (var endpoint = RawEndpoint.answering("HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n");
        var under = gateway(endpoint.config("e"));
        var client = new RawClient(under)) {
      client.send("DELETE /v1/files/7 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");

      var answer = client.readAll();

      assertThat(answer).startsWith("HTTP/1.1 204 ").endsWith("\r\n\r\n");
      assertThat(answer).doesNotContainIgnoringCase("transfer-encoding");
      assertThat(endpoint.requests().getFirst()).startsWith("DELETE /v1/files/7 HTTP/1.1\r\n");
    }
  }

  @Test
  void passesALongRequestLineOn() throws Exception {
    var target = "/v1/files?x=" + "x".repeat(7_000);
    try (var endpoint = RawEndpoint.answering(OK);
        var under = gateway(endpoint.config("e"))) {
      assertThat(under.get(target).statusCode()).isEqualTo(200);

      assertThat(endpoint.requests().getFirst()).startsWith("GET " + target + " HTTP/1.1\r\n");
    }
  }

  @Test
  void sendsARequestWhereItsModelIs() throws Exception {
    try (var one = RawEndpoint.answering(OK);
        var two = RawEndpoint.answering(OK);
        var under = gateway(serving(one.config("1"), "a"), serving(two.config("2"), "b"))) {
      for (var i = 0; i < 3; i++) {
        under.post(CHAT, BODY.replace("\"sim\"", "\"b\""));
      }

      assertThat(one.requests()).isEmpty();
      assertThat(two.requests()).hasSize(3);
      assertThat(under.dispatched().getFirst().eligibility().model()).isEqualTo("b");
    }
  }

  @Test
  void takesAnEndpointThatRefusesConnectionsOut() throws Exception {
    try (var alive = RawEndpoint.answering(OK);
        var under =
            gateway(
                GatewayUnderTest.endpoint("dead", "http://127.0.0.1:1"), alive.config("alive"))) {
      for (var i = 0; i < 4; i++) {
        assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(200);
      }

      assertThat(under.pool().health("dead")).isEqualTo(Health.State.SUSPECT);
      assertThat(alive.requests()).hasSize(4);
    }
  }

  @Test
  void runsARequestOnceThatBreaksItsEndpoint() throws Exception {
    try (var one = RawEndpoint.closing();
        var two = RawEndpoint.closing();
        var under = gateway(one.config("1"), two.config("2"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(502);

      assertThat(one.requests().size() + two.requests().size()).isEqualTo(1);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void sendsAgainWhatMetAClosingConnection() throws Exception {
    try (var endpoint = closingOnTheSecond("");
        var under = gateway(endpoint.config("only"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(200);
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(200);

      assertThat(endpoint.requests()).as("two requests, one of them twice").hasSize(3);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void doesNotSendAgainWhatWasBeingAnswered() throws Exception {
    try (var endpoint = closingOnTheSecond("HTTP/1.1 2");
        var under = gateway(endpoint.config("only"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(200);
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(502);

      assertThat(endpoint.requests()).hasSize(2);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  /** Answers the first request; at the second, says {@code last} and closes; answers the rest. */
  private static RawEndpoint closingOnTheSecond(String last) {
    var requests = new AtomicInteger();
    return new RawEndpoint((socket, out) -> {
      if (requests.incrementAndGet() == 2) {
        out.write(last.getBytes(StandardCharsets.ISO_8859_1));
        socket.close();
      } else {
        out.write(OK.getBytes(StandardCharsets.ISO_8859_1));
      }
    });
  }

  @Test
  void triesEachEndpointOnceWhereTheOperatorAllowsRepeats() throws Exception {
    try (var closing = RawEndpoint.closing();
        var alive = RawEndpoint.answering(OK);
        var under = repeating(closing.config("closing"), alive.config("alive"))) {
      for (var i = 0; i < 4; i++) {
        assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(200);
      }

      assertThat(alive.requests()).hasSize(4);
      assertThat(closing.requests()).isNotEmpty();
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void givesUpWhenEachEndpointClosed() throws Exception {
    try (var one = RawEndpoint.closing();
        var two = RawEndpoint.closing();
        var under = repeating(one.config("1"), two.config("2"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(502);

      assertThat(one.requests()).hasSize(1);
      assertThat(two.requests()).hasSize(1);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void repeatsNothingButInference() throws Exception {
    try (var one = RawEndpoint.closing();
        var two = RawEndpoint.closing();
        var under = repeating(one.config("1"), two.config("2"))) {
      assertThat(under.post("/v1/files", "x").statusCode()).isEqualTo(502);

      assertThat(one.requests().size() + two.requests().size()).isEqualTo(1);
    }
  }

  @Test
  void triesNoOtherAfterGarbage() throws Exception {
    try (var one = RawEndpoint.answering("garbage\r\n\r\n");
        var two = RawEndpoint.answering("garbage\r\n\r\n");
        var under = gateway(one.config("1"), two.config("2"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(502);

      assertThat(one.requests().size() + two.requests().size()).isEqualTo(1);
    }
  }

  @Test
  void triesNoOtherAfterAnAnswerBegan() throws Exception {
    RawEndpoint.Script begins =
        (socket, out) -> {
          out.write(OK.substring(0, OK.length() - 3).getBytes(UTF_8));
          out.flush();
          socket.close();
        };
    try (var one = new RawEndpoint(begins);
        var two = new RawEndpoint(begins);
        var under = gateway(one.config("1"), two.config("2"));
        var client = RawClient.chat(under, BODY)) {
      assertThat(client.readAll()).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\n{\"ok\":tr");

      assertThat(one.requests().size() + two.requests().size()).isEqualTo(1);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void queuesWhereEveryEndpointRunsAsManyAsItMay() throws Exception {
    var hold = new CountDownLatch(1);
    try (var endpoint =
            new RawEndpoint((socket, out) -> {
              BrokenServerTest.await(hold);
              out.write(OK.getBytes(ISO_8859_1));
            });
        var under = gateway(limited(endpoint.config("e")))) {
      var running = under.postLater(CHAT, BODY);
      await().atMost(SOON).until(() -> endpoint.requests().size() == 1);
      var queued = under.postLater(CHAT, BODY);
      await().atMost(SOON).until(() -> under.controller().view().queuedRequests() == 1);

      hold.countDown();

      assertThat(running.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(queued.get(30, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
      assertThat(under.pool().dispatchesWithoutRoom()).isZero();
    }
  }

  @Test
  void cancelsTheCallOfAClientThatLeaves() throws Exception {
    try (var silent = new RawEndpoint((socket, out) -> {});
        var under = gateway(silent.config("e"))) {
      try (var _ = RawClient.chat(under, BODY)) {
        await().atMost(SOON).until(() -> silent.requests().size() == 1);
        assertThat(silent.connectionsLost()).isZero();
      }
      await().atMost(SOON).until(() -> silent.connectionsLost() == 1);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void tellsTheEngineWhatItKnowsOfARequest() throws Exception {
    var chooser = new TenantOptions("chooser", 3, Set.of(), Set.of(), TenantOptions.BAND_TTL, true);
    var identity =
        new IdentityOptions(
            List.of(chooser), Map.of(), true, IdentityOptions.TENANT_HEADERS, false);
    try (var endpoint = RawEndpoint.answering(OK);
        var under =
            gateway(GatewayOptions.builder().identity(identity).build(), endpoint.config("e"))) {
      under.post(
          CHAT,
          BODY,
          "x-llm-d-inference-fairness-id",
          "chooser",
          "x-llm-d-inference-ttl",
          "1500ms",
          "x-llm-d-slo-ttft-ms",
          "250",
          "x-request-id",
          "mine");
      under.post("/v1/files", "12345");

      var full = under.dispatched().getFirst();
      assertThat(full.id()).isEqualTo("mine");
      assertThat(full.tenant()).isEqualTo("chooser");
      assertThat(full.flow().id()).isEqualTo("chooser");
      assertThat(full.flow().priority()).isEqualTo(3);
      assertThat(full.timeToLive()).contains(Duration.ofMillis(1500));
      assertThat(full.sloNanos()).isEqualTo(250_000_000);
      var least = BODY.length() + RequestBody.REQUEST_BYTES;
      assertThat(full.sizeBytes()).isBetween(least, least + 4_000); // and headers
      assertThat(full.inputTokens()).isEqualTo(10); // 39 bytes of messages
      assertThat(full.maxOutputTokens()).isEqualTo(1);
      assertThat(full.eligibility().model()).isEqualTo("sim");
      var bare = under.dispatched().getLast();
      assertThat(bare.tenant()).isEqualTo("default-flow");
      assertThat(bare.timeToLive()).isEmpty();
      assertThat(bare.sizeBytes()).isGreaterThan(RequestBody.REQUEST_BYTES);
      assertThat(bare.inputTokens()).isZero();
    }
  }

  private static EndpointConfig serving(EndpointConfig endpoint, String model) {
    return new EndpointConfig(endpoint.id(), endpoint.url(), Set.of(model), Set.of(), 1.0, 0);
  }

  private static EndpointConfig limited(EndpointConfig endpoint) {
    URI url = endpoint.url();
    return new EndpointConfig(endpoint.id(), url, endpoint.models(), Set.of(), 1.0, 1);
  }
}
