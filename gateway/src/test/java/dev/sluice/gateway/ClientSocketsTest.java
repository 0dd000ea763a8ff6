package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.modelserver.ModelServer;
import dev.sluice.modelserver.ModelServerOptions;
import dev.sluice.serving.identity.IdentityOptions;
import io.vertx.core.Vertx;
import io.vertx.core.http.HttpClientOptions;
import io.vertx.core.http.HttpClientRequest;
import io.vertx.core.http.HttpMethod;
import io.vertx.core.http.HttpVersion;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Clients that take a connection and do not use it lose it, and do not shut others out. */
class ClientSocketsTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final Duration LONG = Duration.ofMinutes(10);
  private static final Duration SHORT = Duration.ofMillis(300);
  private static final String CHAT = "/v1/chat/completions";

  private static GatewayUnderTest gateway(ClientLimits limits) {
    return gateway(GatewayOptions.builder().clients(limits).build());
  }

  private static GatewayUnderTest gateway(GatewayOptions options) {
    return new GatewayUnderTest(1, GatewayUnderTest.quick(), FlowControlConfig.defaults(), options);
  }

  @Test
  void closesAConnectionThatNeverSendsARequest() throws Exception {
    try (var under = gateway(new ClientLimits(LONG, SHORT, LONG, 0, 0));
        var client = new RawClient(under)) {
      assertThat(client.readAll()).isEmpty();
      await().atMost(SOON).until(() -> under.gateway().clientConnections() == 0);
      assertThat(under.gateway().timedOutConnections()).isEqualTo(1);
    }
  }

  @Test
  void closesAConnectionAfterItsLastRequest() throws Exception {
    try (var under = gateway(new ClientLimits(LONG, SHORT, LONG, 0, 0));
        var client = RawClient.chat(under, GatewayUnderTest.chat(1, false))) {
      assertThat(client.readAll()).startsWith("HTTP/1.1 200 ");
    }
  }

  @Test
  void closesAConnectionWhoseHeadNeverEnds() throws Exception {
    try (var under = gateway(new ClientLimits(SHORT, LONG, LONG, 0, 0));
        var first = new RawClient(under);
        var second = new RawClient(under);
        var drips = new RawClient(under)) {
      first.send("POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nX-Half: ");
      second.send(RawClient.post(CHAT, GatewayUnderTest.chat(1, false)));
      second.readTo("completion_tokens");
      second.send("P");

      assertThat(first.readAll()).isEmpty();
      assertThat(second.readAll()).startsWith("HTTP/1.1 200 ").doesNotContain("408");
      assertThat(drip(drips)).as("a byte at a time does not help").isTrue();
    }
  }

  /** Sends a byte of a header after the other until the connection is lost. */
  private static boolean drip(RawClient client) throws IOException {
    client.send("GET / HTTP/1.1\r\nX: ");
    var lost = new AtomicBoolean();
    await()
        .atMost(SOON)
        .pollInterval(Duration.ofMillis(20))
        .until(() -> {
          try {
            client.send("y");
          } catch (IOException e) {
            lost.set(true);
          }
          return lost.get();
        });
    return lost.get();
  }

  @Test
  void leavesARequestThatWaitsForItsTurnAlone() throws Exception {
    var slow = ModelServerOptions.builder().timeToFirstToken(Duration.ofSeconds(2)).build();
    var options =
        GatewayOptions.builder().clients(new ClientLimits(SHORT, SHORT, SHORT, 0, 0)).build();
    try (var under = new GatewayUnderTest(1, slow, FlowControlConfig.defaults(), options)) {
      assertThat(under.post(CHAT, GatewayUnderTest.chat(1, false)).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void readsTheBodyOfARefusedRequestForAWhileOnly() throws Exception {
    var locked =
        new IdentityOptions(List.of(), Map.of(), false, IdentityOptions.TENANT_HEADERS, true);
    var options =
        GatewayOptions.builder()
            .identity(locked)
            .clients(new ClientLimits(LONG, LONG, SHORT, 0, 0))
            .build();
    try (var under = gateway(options);
        var client = new RawClient(under)) {
      client.send("POST " + CHAT + " HTTP/1.1\r\nHost: a\r\nContent-Length: 15000000\r\n\r\nxxx");

      assertThat(client.readAll()).startsWith("HTTP/1.1 401 ");
    }
  }

  @Test
  void closesAConnectionWhoseClientLeavesTheEndOfAnAnswerUnread() throws Exception {
    var options =
        GatewayOptions.builder()
            .clientTimeout(Duration.ofSeconds(1))
            .clients(new ClientLimits(LONG, LONG, LONG, 0, 0))
            .build();
    try (var under = gateway(options);
        var _ =
            RawClient.chat(
                under, GatewayUnderTest.chat(1, true), ModelServer.FLOOD_HEADER + ": 100000000")) {
      await().atMost(SOON).until(() -> under.gateway().clientConnections() == 1);
      await().atMost(SOON).until(() -> under.gateway().clientConnections() == 0);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void refusesMoreConnectionsOfOneAddressThanItMayHave() throws Exception {
    var options =
        GatewayOptions.builder().clients(new ClientLimits(LONG, LONG, LONG, 100, 2)).build();
    try (var under = new GatewayUnderTest(1, endless(), FlowControlConfig.defaults(), options);
        var first = RawClient.chat(under, GatewayUnderTest.chat(9, true));
        var second = RawClient.chat(under, GatewayUnderTest.chat(9, true))) {
      first.readTo("data: ");
      second.readTo("data: ");
      try (var third = new RawClient(under)) {
        assertThat(endOf(third)).isEmpty();
      }
      assertThat(under.gateway().refusedConnections()).isEqualTo(1);

      first.close();
      await().atMost(SOON).until(() -> under.gateway().clientConnections() == 1);
      try (var fourth = RawClient.chat(under, GatewayUnderTest.chat(1, true))) {
        assertThat(fourth.readTo("data: ")).startsWith("HTTP/1.1 200 ");
      }
    }
  }

  private static ModelServerOptions endless() {
    return ModelServerOptions.builder()
        .timeToFirstToken(Duration.ofMillis(1))
        .timePerOutputToken(Duration.ofSeconds(20))
        .build();
  }

  @ParameterizedTest
  @CsvSource({"8, 1000", "1000, 8"})
  void givesTheConnectionOfAnIdleClientToOneThatSendsARequest(int limit, int perAddress)
      throws Exception {
    try (var under = gateway(new ClientLimits(LONG, LONG, LONG, limit, perAddress))) {
      var idle = new ArrayList<RawClient>();
      try {
        for (var i = 0; i < 20; i++) {
          idle.add(new RawClient(under));
        }
        await().atMost(SOON).until(() -> under.gateway().clientConnections() <= 8);
        try (var client = RawClient.chat(under, GatewayUnderTest.chat(1, false))) {
          assertThat(client.readTo("completion_tokens")).startsWith("HTTP/1.1 200 ");
        }
        assertThat(under.gateway().clientConnections()).isLessThanOrEqualTo(9);
      } finally {
        for (var client : idle) {
          client.close();
        }
      }
    }
  }

  @Test
  void refusesAConnectionWhenAllHaveARequest() throws Exception {
    var options =
        GatewayOptions.builder().clients(new ClientLimits(LONG, LONG, LONG, 2, 10)).build();
    try (var under = new GatewayUnderTest(1, endless(), FlowControlConfig.defaults(), options);
        var first = RawClient.chat(under, GatewayUnderTest.chat(9, true));
        var second = RawClient.chat(under, GatewayUnderTest.chat(9, true))) {
      first.readTo("data: ");
      second.readTo("data: ");

      try (var third = new RawClient(under)) {
        assertThat(endOf(third)).isEmpty();
      }
      assertThat(under.controller().view().runningRequests()).isEqualTo(2);
    }
  }

  /** Everything up to the end of the connection, which may be a reset. */
  private static String endOf(RawClient client) {
    try {
      return client.readAll();
    } catch (IOException e) {
      return "";
    }
  }

  @Test
  void keepsHalfOfTheDescriptorsForEndpoints() {
    assertThat(ClientLimits.derivedFrom(1_024)).isEqualTo(448);
    assertThat(ClientLimits.derivedFrom(100)).isEqualTo(16);
    assertThat(ClientLimits.derivedFrom(Long.MAX_VALUE)).isEqualTo(Integer.MAX_VALUE);
    assertThat(ClientLimits.DEFAULT.connections()).isPositive();
    assertThat(ClientLimits.DEFAULT.connectionsPerAddress())
        .isEqualTo(ClientLimits.DEFAULT.connections() / 2);
    assertThatThrownBy(() -> new ClientLimits(Duration.ZERO, LONG, LONG, -1, 0))
        .hasMessage(
            """
            headTimeout: got PT0S, allowed > 0
            maxConnections: got -1, allowed >= 0\
            """);
  }

  // HTTP/2, with prior knowledge

  private static HttpClientRequest http2(Vertx vertx, GatewayUnderTest under, String path)
      throws Exception {
    var client =
        vertx.createHttpClient(
            new HttpClientOptions()
                .setProtocolVersion(HttpVersion.HTTP_2)
                .setHttp2ClearTextUpgrade(false));
    return client
        .request(HttpMethod.POST, under.gateway().port(), "127.0.0.1", path)
        .await(30, TimeUnit.SECONDS);
  }

  @Test
  void closesAnIdleConnectionOfHttp2() throws Exception {
    var vertx = Vertx.vertx();
    try (var under = gateway(new ClientLimits(LONG, Duration.ofSeconds(3), LONG, 0, 0))) {
      var request = http2(vertx, under, CHAT);
      var closed = new AtomicBoolean();
      request.connection().closeHandler(ignored -> closed.set(true));
      var answer = request.send(GatewayUnderTest.chat(1, false)).await(30, TimeUnit.SECONDS);

      assertThat(answer.statusCode()).isEqualTo(200);
      assertThat(answer.version()).isEqualTo(HttpVersion.HTTP_2);
      await().atMost(SOON).untilTrue(closed);
    } finally {
      vertx.close().await(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void endsASlowBodyOfHttp2ThatHasNoLength() throws Exception {
    var vertx = Vertx.vertx();
    var options =
        GatewayOptions.builder()
            .bodyTimeout(SHORT)
            .clients(new ClientLimits(LONG, LONG, SHORT, 0, 0))
            .build();
    try (var under = gateway(options)) {
      var request = http2(vertx, under, CHAT);
      var reset = new AtomicBoolean();
      request.setChunked(true);
      request.exceptionHandler(ignored -> reset.set(true));
      request.write("{\"model\"").await(30, TimeUnit.SECONDS);

      var answer = request.response().await(30, TimeUnit.SECONDS);

      assertThat(answer.statusCode()).isEqualTo(408);
      await().atMost(SOON).until(() -> under.gateway().timedOutConnections() == 1);
      await().atMost(SOON).until(under::isQuiet);
    } finally {
      vertx.close().await(10, TimeUnit.SECONDS);
    }
  }

  @Test
  void endsAStreamOfHttp2WhoseClientLeavesTheEndOfAnAnswerUnread() throws Exception {
    var options =
        GatewayOptions.builder()
            .clientTimeout(Duration.ofSeconds(1))
            .clients(new ClientLimits(LONG, LONG, LONG, 0, 0))
            .build();
    try (var under = gateway(options);
        var endpoint = RawEndpoint.answering(RawEndpoint.json("x".repeat(80_000)));
        var client = new RawClient(under)) {
      under.use(List.of(endpoint.config("large")));

      // It opens no window, so the last 14 KB have to wait.
      client.send(http2Request(CHAT, GatewayUnderTest.chat(1, false)));

      await().atMost(SOON).until(() -> under.gateway().timedOutConnections() == 1);
      assertThat(endpoint.requests()).hasSize(1);
      assertThat(under.gateway().clientConnections()).isEqualTo(1);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  /** The bytes of a connection that sends one request in HTTP/2. */
  private static byte[] http2Request(String path, String body) {
    var bytes = new ByteArrayOutputStream();
    bytes.writeBytes("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(US_ASCII));
    frame(bytes, 4, 0, 0, new byte[0]); // SETTINGS
    var head = new ByteArrayOutputStream();
    head.write(0x83); // :method POST
    head.write(0x86); // :scheme http
    literal(head, 4, path);
    literal(head, 1, "gate");
    frame(bytes, 1, 4, 1, head.toByteArray()); // HEADERS, complete
    frame(bytes, 0, 1, 1, body.getBytes(US_ASCII)); // DATA, the last
    return bytes.toByteArray();
  }

  private static void literal(ByteArrayOutputStream head, int index, String value) {
    head.write(index);
    head.write(value.length());
    head.writeBytes(value.getBytes(US_ASCII));
  }

  private static void frame(
      ByteArrayOutputStream bytes, int type, int flags, int stream, byte[] payload) {
    var head = ByteBuffer.allocate(9);
    head.put((byte) 0).putShort((short) payload.length).put((byte) type).put((byte) flags);
    bytes.writeBytes(head.putInt(stream).array());
    bytes.writeBytes(payload);
  }
}
