package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.modelserver.Fault;
import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a client or an endpoint does wrong gets a clear answer, and holds nothing afterwards. */
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
      var method = "BREW /v1/models HTTP/1.1\r\nHost: a\r\n\r\n";

      assertThat(raw(under, tooLong)).startsWith("HTTP/1.1 431 ").contains("\"error\"");
      assertThat(raw(under, badLength)).startsWith("HTTP/1.1 400 ").contains("\"error\"");
      assertThat(raw(under, "nonsense\r\n\r\n")).startsWith("HTTP/1.");
      assertThat(raw(under, method)).startsWith("HTTP/1.1 405 ").contains("\"error\"");
      assertThat(raw(under, "HEAD " + CHAT + " HTTP/1.1\r\nHost: a\r\n\r\n"))
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
              "{\"messages\":[]}",
              chat.replace("\"sim\"", "7"),
              chat.replace("\"max_tokens\":1", "\"max_tokens\":-1"),
              chat.replace("\"max_tokens\":1", "\"max_tokens\":99999999999999999999"),
              chat.replace("\"stream\":false", "\"stream\":\"no\""),
              chat.replace("\"messages\":[", "\"messages\":7,\"x\":["))) {
        var answer = under.post(CHAT, bad);
        assertThat(answer.statusCode()).as(bad).isEqualTo(400);
        assertThat(answer.body()).as(bad).contains("\"error\":{\"message\":");
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void forgetsABodyThatStopsHalfWay() throws Exception {
    var options = GatewayOptions.builder().bodyTimeout(Duration.ofSeconds(1)).build();
    try (var under = gateway(options)) {
      var half = "POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{\"model\"";

      assertThat(raw(under, half)).startsWith("HTTP/1.1 408 ");
      try (var socket = open(under, half)) {
        await().atMost(SOON).until(() -> under.gateway().bodyBytes() == 100);
        socket.setSoLinger(true, 0);
      }
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void countsBodiesFromTheirHeadersOn() throws Exception {
    try (var under =
        gateway(
            GatewayOptions.builder().maxBodyBytes(1_000_000).bodyBudgetBytes(1_000_000).build())) {
      var announced = "POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n";
      try (var _ = open(under, announced)) {
        await().atMost(SOON).until(() -> under.gateway().bodyBytes() == 900_000);

        var refused = under.post(CHAT, "x".repeat(200_000));

        assertThat(refused.statusCode()).isEqualTo(429);
        assertThat(refused.headers().firstValue(REASON)).hasValue("rejected-saturated");
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
  void passesOtherPathsThrough() throws Exception {
    try (var under = gateway(GatewayOptions.DEFAULT)) {
      assertThat(under.get("/version").body()).contains("\"version\"");
      assertThat(under.get("/nothing").statusCode()).isEqualTo(404);
      assertThat(under.controller().view().bands().getFirst().flows().getFirst().dispatchedTotal())
          .isEqualTo(2);
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

  /** Sends a text as it is and reads until the gateway closes or falls silent for a moment. */
  private static String raw(GatewayUnderTest under, String text) throws IOException {
    try (var socket = open(under, text)) {
      socket.setSoTimeout(2_000);
      var answer = new StringBuilder();
      var buffer = new byte[8_192];
      try {
        for (var n = socket.getInputStream().read(buffer);
            n >= 0;
            n = socket.getInputStream().read(buffer)) {
          answer.append(new String(buffer, 0, n, StandardCharsets.UTF_8));
        }
      } catch (IOException e) {
        assertThat(answer).as("an answer before %s", e).isNotEmpty();
      }
      return answer.toString();
    }
  }
}
