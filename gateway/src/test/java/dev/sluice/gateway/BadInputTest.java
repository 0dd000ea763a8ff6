package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.modelserver.Fault;
import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.serving.identity.IdentityOptions;
import dev.sluice.serving.identity.TenantOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Every fault of a client or an endpoint gets a clear answer, and holds nothing afterwards. */
class BadInputTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT = "/v1/chat/completions";
  private static final String REASON = "x-llm-d-request-dropped-reason";

  private static GatewayUnderTest gateway(GatewayOptions options) {
    return new GatewayUnderTest(1, GatewayUnderTest.quick(), FlowControlConfig.defaults(), options);
  }

  @Test
  void refusesWhatIsNoHttp() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT)) {
      var tooLong = "GET / HTTP/1.1\r\nHost: a\r\nX: " + "y".repeat(40_000) + "\r\n\r\n";
      var badLength = "POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nContent-Length: ten\r\n\r\n";
      var last = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

      assertThat(raw(under, tooLong)).startsWith("HTTP/1.1 431 ").contains("\"error\"");
      assertThat(raw(under, badLength)).startsWith("HTTP/1.1 400 ").contains("\"error\"");
      assertThat(raw(under, "nonsense\r\n\r\n")).startsWith("HTTP/1.");
      assertThat(raw(under, "BREW /v1/models" + last))
          .startsWith("HTTP/1.1 405 ")
          .contains("\"error\"");
      assertThat(raw(under, "HEAD " + CHAT + last))
          .startsWith("HTTP/1.1 405 ")
          .endsWith("\r\n\r\n");
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void refusesBodiesThatAreNoRequests() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT)) {
      var chat = GatewayUnderTest.chat(1, false);
      for (var bad :
          List.of(
              "",
              "[]",
              "{\"model\":",
              chat.replace("\"sim\"", "7"),
              chat.replace("{\"model\"", "{\"model\":\"x\",\"model\""),
              chat.replace("{\"model\"", "{\"stream\":true,\"model\""))) {
        var answer = under.post(CHAT, bad);
        assertThat(answer.statusCode()).as(bad).isEqualTo(400);
        assertThat(answer.body()).as(bad).contains("\"error\":{\"message\":");
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void refusesMoreHeadersThanItCounts() throws Exception {
    try (var under = gateway(GatewayOptions.builder().maxHeaders(20).build());
        var few = RawClient.chat(under, GatewayUnderTest.chat(1, false), headers(18));
        var many = RawClient.chat(under, GatewayUnderTest.chat(1, false), headers(19))) {
      assertThat(few.readTo("completion_tokens")).startsWith("HTTP/1.1 200 ");
      assertThat(many.readTo("too_many_headers"))
          .startsWith("HTTP/1.1 431 ")
          .contains("more than 20 headers");
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  private static String[] headers(int count) {
    return IntStream.range(0, count).mapToObj(i -> "a" + i + ": b").toArray(String[]::new);
  }

  @Test
  void countsTheHeadersOfAQueuedRequest() throws Exception {
    var config = FlowControlConfig.builder().detector(GatewayUnderTest.roomFor(1)).build();
    var slow = ModelServerOptions.builder().timeToFirstToken(Duration.ofSeconds(20)).build();
    try (var under = new GatewayUnderTest(1, slow, config, GatewayOptions.DEFAULT);
        var _ = RawClient.chat(under, GatewayUnderTest.chat(1, false))) {
      await().atMost(SOON).until(() -> under.controller().view().runningRequests() == 1);
      try (var _ = RawClient.chat(under, GatewayUnderTest.chat(1, false), headers(100))) {
        await().atMost(SOON).until(() -> under.controller().view().queuedRequests() == 1);

        assertThat(under.controller().view().queuedBytes())
            .isGreaterThan(RequestBody.REQUEST_BYTES + 100 * 128);
      }
    }
  }

  @Test
  void forgetsABodyThatStopsHalfWay() throws Exception {
    var options = GatewayOptions.builder().bodyTimeout(Duration.ofSeconds(1)).build();
    try (var under = gateway(options)) {
      var half = "POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"model\"";

      assertThat(raw(under, half)).startsWith("HTTP/1.1 408 ");
      try (var socket = open(under, half)) {
        await().atMost(SOON).until(() -> under.gateway().bodyBytes() > RequestBody.REQUEST_BYTES);
        socket.setSoLinger(true, 0);
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void countsWhatArrivedAndNotWhatIsAnnounced() throws Exception {
    try (var under =
        gateway(
            GatewayOptions.builder().maxBodyBytes(1_000_000).bodyBudgetBytes(1_000_000).build())) {
      var announced = "POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n";
      try (var _ = open(under, announced)) {
        await().atMost(SOON).until(() -> under.gateway().bodyBytes() > RequestBody.REQUEST_BYTES);
        assertThat(under.gateway().bodyBytes()).isLessThan(10_000);

        assertThat(under.post(CHAT, "x".repeat(200_000)).statusCode()).isEqualTo(400);
      }
      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.post(CHAT, GatewayUnderTest.chat(1, false)).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void refusesATenantOverItsOwnLimitAndNobodyElse() throws Exception {
    var config =
        FlowControlConfig.builder()
            .detector(GatewayUnderTest.roomFor(1))
            .tenant("small", new TenantConfig(1.0, 1, 0, 0))
            .build();
    var identity =
        new IdentityOptions(
            List.of(TenantOptions.of("small", 0)),
            Map.of(),
            true,
            IdentityOptions.TENANT_HEADERS,
            false);
    var slow =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(1))
            .timePerOutputToken(Duration.ofMillis(20))
            .build();
    try (var under =
        new GatewayUnderTest(
            1, slow, config, GatewayOptions.builder().identity(identity).build())) {
      var tenant = new String[] {"x-llm-d-inference-fairness-id", "small"};
      var running = under.postLater(CHAT, GatewayUnderTest.chat(30, false), tenant);
      await().atMost(SOON).until(() -> under.controller().view().runningRequests() == 1);
      var queued = under.postLater(CHAT, GatewayUnderTest.chat(1, false), tenant);
      await().atMost(SOON).until(() -> under.controller().view().queuedRequests() == 1);

      var refused = under.post(CHAT, GatewayUnderTest.chat(1, false), tenant);
      var other = under.postLater(CHAT, GatewayUnderTest.chat(1, false));

      assertThat(refused.statusCode()).isEqualTo(429);
      assertThat(refused.headers().firstValue(REASON)).hasValue("rejected-flow-limit");
      assertThat(refused.body()).contains("tenant small has queued all of its 1 requests");
      assertThat(running.get().statusCode()).isEqualTo(200);
      assertThat(queued.get().statusCode()).isEqualTo(200);
      assertThat(other.get().statusCode()).isEqualTo(200);
    }
  }

  @Test
  void letsNobodyChooseWhatTheyMayNot() throws Exception {
    var may =
        new TenantOptions("chooser", 0, Set.of(), Set.of("urgent"), TenantOptions.BAND_TTL, true);
    var identity =
        new IdentityOptions(
            List.of(may), Map.of("urgent", 7), true, IdentityOptions.TENANT_HEADERS, false);
    try (var under = gateway(GatewayOptions.builder().identity(identity).build())) {
      var chat = GatewayUnderTest.chat(1, false);
      var objective = "x-llm-d-inference-objective";
      var tenant = "x-llm-d-inference-fairness-id";

      assertThat(under.post(CHAT, chat, objective, "urgent").statusCode()).isEqualTo(400);
      assertThat(under.post(CHAT, chat, tenant, "chooser", objective, "no").statusCode())
          .isEqualTo(400);
      assertThat(
              under
                  .post(CHAT, chat, tenant, "chooser", "x-llm-d-inference-ttl", "soon")
                  .statusCode())
          .isEqualTo(400);
      assertThat(
              under
                  .post(CHAT, chat, tenant, "chooser", "x-llm-d-inference-ttl", "999999999h")
                  .body())
          .contains("got \\\"999999999h\\\", allowed up to 8760h");
      assertThat(under.post(CHAT, chat, tenant, "chooser", objective, "urgent").statusCode())
          .isEqualTo(200);
      assertThat(under.controller().view().bands().getFirst().priority()).isEqualTo(7);
    }
  }

  @Test
  void endsAStreamThatItsEndpointBreaksOff() throws Exception {
    var breaking =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(1))
            .timePerOutputToken(Duration.ofMillis(1))
            .resetAfterTokens(3)
            .build();
    try (var under =
        new GatewayUnderTest(1, breaking, FlowControlConfig.defaults(), GatewayOptions.DEFAULT)) {
      under.server(0).fault(Fault.RESET);
      var request =
          "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(
                  CHAT, GatewayUnderTest.chat(9, true).length(), GatewayUnderTest.chat(9, true));

      var answer = raw(under, request);

      assertThat(answer).startsWith("HTTP/1.1 200 ").contains("data: ").doesNotContain("[DONE]");
      assertThat(answer).as("no end of the chunks").doesNotEndWith("0\r\n\r\n");
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void answersBadGatewayForAnEndpointThatSpeaksNoHttp() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var endpoint = new ServerSocket(0, 10, InetAddress.getLoopbackAddress())) {
      var speaker =
          Thread.ofVirtual()
              .start(() -> {
                try (var accepted = endpoint.accept()) {
                  accepted.getOutputStream().write("garbage\r\n\r\n".getBytes(US_ASCII));
                  accepted.getInputStream().readAllBytes();
                } catch (IOException e) {
                  throw new UncheckedIOException(e);
                }
              });
      var url = "http://127.0.0.1:" + endpoint.getLocalPort();
      under.use(List.of(GatewayUnderTest.endpoint("noise", url)));

      var answer = under.post(CHAT, GatewayUnderTest.chat(1, false));

      assertThat(answer.statusCode()).isEqualTo(502);
      assertThat(answer.body()).contains("Endpoint noise gave no valid answer.");
      speaker.join();
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void passesOnlyPathsThatAreListed() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT)) {
      assertThat(under.get("/version").body()).contains("\"version\"");
      assertThat(under.get("/nothing").statusCode()).isEqualTo(404);
      assertThat(under.controller().view().bands().getFirst().flows().getFirst().dispatchedTotal())
          .isEqualTo(1);
    }
  }

  @Test
  void aClientThatReadsNothingStopsTheModelServer() throws Exception {
    var options = GatewayOptions.builder().clientTimeout(Duration.ofSeconds(4)).build();
    try (var under = gateway(options)) {
      under.post(CHAT, GatewayUnderTest.chat(1, true)); // warm
      var before = usedMemory();
      var body = GatewayUnderTest.chat(1, true);
      var request =
          "POST %s HTTP/1.1\r\nHost: a\r\n%s: 400000000\r\nContent-Length: %d\r\n\r\n%s"
              .formatted(CHAT, ModelServer.FLOOD_HEADER, body.length(), body);

      try (var _ = open(under, request)) {
        await().atMost(SOON).until(() -> under.server(0).bytesWritten() > 100_000);
        await()
            .during(Duration.ofSeconds(1))
            .atMost(SOON)
            .until(() -> under.server(0).bytesWritten() < 60_000_000);

        assertThat(usedMemory() - before).isLessThan(16 << 20);
        // It is given up after a while, and then holds nothing.
        await().atMost(SOON).until(under::isQuiet);
      }
    }
  }

  @Test
  void refusesABodyThatIsAnnouncedTooLongBeforeItComes() throws Exception {
    try (var under =
            gateway(
                GatewayOptions.builder().maxBodyBytes(10_000).bodyBudgetBytes(1_000_000).build());
        var client = new RawClient(under)) {
      client.send("POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n");

      var answer = client.readAll();

      assertThat(answer).startsWith("HTTP/1.1 413 ").contains("larger than 10000 bytes");
      assertThat(under.gateway().bodyBytes()).isZero();
    }
  }

  @Test
  void refusesABodyInChunksOnceItIsTooLong() throws Exception {
    try (var under =
            gateway(
                GatewayOptions.builder().maxBodyBytes(10_000).bodyBudgetBytes(1_000_000).build());
        var client = new RawClient(under)) {
      client.send(chunked(6_000));
      await().atMost(SOON).until(() -> under.gateway().bodyBytes() >= 6_000);
      client.send(chunk(4_000));
      await().atMost(SOON).until(() -> under.gateway().bodyBytes() >= 10_000);
      client.send(chunk(1));

      assertThat(client.readAll()).startsWith("HTTP/1.1 413 ");
      assertThat(under.gateway().bodyBytes()).isZero();
    }
  }

  @Test
  void countsABodyInChunksAsItComes() throws Exception {
    try (var under =
            gateway(
                GatewayOptions.builder().maxBodyBytes(1_000_000).bodyBudgetBytes(20_000).build());
        var client = new RawClient(under)) {
      client.send(chunked(9_000));
      await().atMost(SOON).until(() -> under.gateway().bodyBytes() >= 9_000);
      client.send(chunk(8_000));

      assertThat(client.readTo("\r\n\r\n"))
          .startsWith("HTTP/1.1 429 ")
          .contains("rejected-saturated");
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void answersAClientThatGoesOnSendingWhatWasRefused() throws Exception {
    try (var under =
            gateway(
                GatewayOptions.builder().maxBodyBytes(10_000).bodyBudgetBytes(1_000_000).build());
        var client = new RawClient(under)) {
      client.send("POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nContent-Length: 5000000\r\n\r\n");
      for (var sent = 0; sent < 5_000_000; sent += 500_000) {
        client.send("x".repeat(500_000));
      }

      assertThat(client.readTo("too_large")).startsWith("HTTP/1.1 413 ");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Length: -1",
        "Content-Length: 1, 2",
        "Content-Length: 99999999999999999999",
        "Content-Length: 0x10",
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 5\r\nTransfer-Encoding: chunked"
      })
  void refusesALengthThatIsNone(String header) throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = new RawClient(under)) {
      client.send("POST " + CHAT + " HTTP/1.1\r\nHost: a\r\n" + header + "\r\n\r\n");

      assertThat(client.readAll()).startsWith("HTTP/1.1 400 ").contains("\"error\"");
      assertThat(under.dispatched()).isEmpty();
    }
  }

  @Test
  void refusesARequestLineThatIsTooLong() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = new RawClient(under)) {
      client.send("GET /" + "x".repeat(9_000) + " HTTP/1.1\r\nHost: a\r\n\r\n");

      assertThat(client.readAll()).contains(" 414 ", "\"error\"");
    }
  }

  @Test
  void asksForABodyThatWaitsToBeAskedFor() throws Exception {
    var chat = GatewayUnderTest.chat(1, false);
    try (var under = gateway(GatewayOptions.DEFAULT);
        var client = new RawClient(under)) {
      client.send(RawClient.post(CHAT, chat, "Expect: 100-continue").replace(chat, ""));
      assertThat(client.readTo("\r\n\r\n")).startsWith("HTTP/1.1 100 ");
      client.send(chat);

      assertThat(client.readTo("completion_tokens")).contains("HTTP/1.1 200 ");
    }
  }

  @Test
  void givesABodyItsTimeAndAnAnswerMore() throws Exception {
    var slow = ModelServerOptions.builder().timeToFirstToken(Duration.ofSeconds(2)).build();
    var options = GatewayOptions.builder().bodyTimeout(Duration.ofMillis(500)).build();
    try (var under = new GatewayUnderTest(1, slow, FlowControlConfig.defaults(), options)) {
      assertThat(under.post(CHAT, GatewayUnderTest.chat(1, false)).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void holdsNoBodyOnceTheAnswerHasBegun() throws Exception {
    var endless =
        ModelServerOptions.builder()
            .timeToFirstToken(Duration.ofMillis(1))
            .timePerOutputToken(Duration.ofSeconds(20))
            .build();
    try (var under =
            new GatewayUnderTest(1, endless, FlowControlConfig.defaults(), GatewayOptions.DEFAULT);
        var client =
            RawClient.chat(
                under, GatewayUnderTest.chat(9, true).replace("12345678", "x".repeat(100_000)))) {
      client.readTo("data: ");

      assertThat(under.gateway().bodyBytes()).isLessThan(10_000);
      assertThat(under.controller().view().runningRequests()).isEqualTo(1);
    }
  }

  @Test
  void waitsForAClientThatReadsSlowlyAndSendsItEverything() throws Exception {
    var options = GatewayOptions.builder().clientTimeout(Duration.ofSeconds(2)).build();
    var flood = 30_000_000;
    try (var under = gateway(options);
        var client =
            RawClient.chat(
                under, GatewayUnderTest.chat(1, true), ModelServer.FLOOD_HEADER + ": " + flood)) {
      var read = 0;
      for (var round = 0; round < 3; round++) {
        // The model server is stopped, and the client reads on before it is given up.
        await().during(Duration.ofMillis(900)).atMost(SOON).until(() -> true);
        read += client.skip(8_000_000);
      }

      assertThat(read).isEqualTo(24_000_000);
      client.skip(flood - read);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void listsModelsToWhomeverMayAsk() throws Exception {
    var locked =
        new IdentityOptions(List.of(), Map.of(), false, IdentityOptions.TENANT_HEADERS, true);
    try (var open = gateway(GatewayOptions.DEFAULT);
        var closed = gateway(GatewayOptions.builder().identity(locked).build())) {
      assertThat(open.get("/v1/models").body())
          .contains("\"object\":\"list\"", "\"id\":\"sim\"", "\"owned_by\":\"sluice\"");
      assertThat(closed.get("/v1/models").statusCode()).isEqualTo(401);
      assertThat(open.dispatched()).isEmpty();
    }
  }

  private static String chunked(int bytes) {
    return "POST "
        + CHAT
        + " HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        + chunk(bytes);
  }

  private static String chunk(int bytes) {
    return Integer.toHexString(bytes) + "\r\n" + "x".repeat(bytes) + "\r\n";
  }

  /** Heap after a collection, and memory outside of it that buffers take. */
  private static long usedMemory() {
    System.gc();
    var heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    var direct =
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
            .mapToLong(BufferPoolMXBean::getMemoryUsed)
            .sum();
    return heap + direct;
  }

  private static Socket open(GatewayUnderTest under, String text) throws IOException {
    var socket = new Socket(InetAddress.getLoopbackAddress(), under.gateway().port());
    socket.setSoTimeout(30_000);
    socket.setReceiveBufferSize(16 << 10);
    socket.getOutputStream().write(text.getBytes(US_ASCII));
    return socket;
  }

  /** Sends a text as it is and reads until the gateway closes or resets the connection. */
  private static String raw(GatewayUnderTest under, String text) throws IOException {
    try (var socket = open(under, text)) {
      var answer = new StringBuilder();
      var buffer = new byte[8_192];
      try {
        for (var n = socket.getInputStream().read(buffer);
            n >= 0;
            n = socket.getInputStream().read(buffer)) {
          answer.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
        }
      } catch (SocketException e) {
        assertThat(answer).as("an answer before %s", e).isNotEmpty();
      }
      return answer.toString();
    }
  }
}
