package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import io.vertx.core.Future;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whatever throws on the way of a request, the request ends and holds nothing: no permit, no place
 * on an endpoint, no memory. Closing the gateway checks the buffers.
 */
class GivesBackTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT = "/v1/chat/completions";

  private static GatewayUnderTest gateway() {
    return new GatewayUnderTest(
        1,
        GatewayUnderTest.quick(),
        FlowControlConfig.builder().detector(GatewayUnderTest.roomFor(3)).build(),
        GatewayOptions.DEFAULT);
  }

  @Test
  void aTargetThatIsNoneInHttp1HoldsNothing() throws Exception {
    try (var under = gateway();
        var client = new Http2Client(under)) {
      for (var path : List.of("/a b", CHAT + "?a b")) {
        var statuses = new ArrayList<Future<Integer>>();
        for (var i = 0; i < 12; i++) {
          statuses.add(client.status(path, "x".repeat(50_000)));
        }

        for (var status : statuses) {
          assertThat(status.await(30, TimeUnit.SECONDS)).as(path).isNotEqualTo(200);
        }
      }
      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.post(CHAT, GatewayUnderTest.chat(1, false)).statusCode()).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 099 Low\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 1000 High\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX-A: \u0001\u0002\u007f\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX-A: a\u000bb\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nX\u0001A: a\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Type: \u00ff;;=\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\n: a\r\nContent-Length: 2\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
      })
  void anAnswerThatCannotBePassedOnHoldsNothing(String answer) throws Exception {
    try (var under = gateway();
        var endpoint =
            new RawEndpoint((socket, out) -> {
              out.write(answer.getBytes(ISO_8859_1));
              socket.close();
            });
        var http2 = new Http2Client(under)) {
      under.use(List.of(endpoint.config("odd")));

      for (var i = 0; i < 6; i++) {
        var _ = http2.status(CHAT, GatewayUnderTest.chat(1, false)).await(30, TimeUnit.SECONDS);
        try (var client =
            RawClient.chat(under, GatewayUnderTest.chat(1, false), "Connection: close")) {
          client.readAll();
        }
      }

      await().atMost(SOON).until(under::isQuiet);
    }
  }
}
