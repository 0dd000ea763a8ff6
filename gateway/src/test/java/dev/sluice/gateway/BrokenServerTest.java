package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A model server that breaks the rules of HTTP, hangs or restarts harms its own requests only. */
final class BrokenServerTest {
  private static final Duration SOON = Duration.ofSeconds(60);
  private static final String CHAT = "/v1/chat/completions";
  private static final String BODY = GatewayUnderTest.chat(1, false);
  private static final String OK = RawEndpoint.json("{\"ok\":true}");

  private static GatewayUnderTest gateway(GatewayOptions options, EndpointConfig... endpoints) {
    var under =
        new GatewayUnderTest(0, GatewayUnderTest.quick(), FlowControlConfig.defaults(), options);
    under.use(List.of(endpoints));
    return under;
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(ISO_8859_1));
    out.flush();
  }

  static void await(CountDownLatch latch) throws IOException {
    try {
      if (!latch.await(60, TimeUnit.SECONDS)) {
        throw new IOException("the test did not go on");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException(e);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 200 OK\r\nX-Secret: of-another\r\nContent-Length: 5\r\n\r\nother",
        "HTTP/1.1 200 OK\r\nX-Secret: of-ano",
        "X-Secret: of-another\r\n",
        "\r\n",
        "0\r\n\r\n"
      })
  void bytesAfterAnAnswerNeverReachTheNextClient(String surplus) throws Exception {
    var first = new AtomicInteger();
    try (var endpoint =
            new RawEndpoint(
                (socket, out) -> write(out, first.getAndIncrement() == 0 ? OK + surplus : OK));
        var under = gateway(GatewayOptions.builder().eventLoops(1).build(), endpoint.config("e"))) {
      for (var i = 0; i < 3; i++) {
        var answer = under.post(CHAT, BODY);

        assertThat(answer.statusCode()).isEqualTo(200);
        assertThat(answer.body()).isEqualTo("{\"ok\":true}");
        assertThat(answer.headers().firstValue("x-secret")).isEmpty();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n"
      })
  void whatIsNoAnswerIsABadGatewayAtOnce(String answer) throws Exception {
    try (var endpoint = RawEndpoint.answering(answer);
        var under = gateway(GatewayOptions.DEFAULT, endpoint.config("e"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(502);
      Waiting.untilQuiet(under);
    }
  }

  @Test
  void endlessInterimAnswersAreABadGateway() throws Exception {
    try (var endpoint =
            new RawEndpoint((socket, out) -> {
              while (true) {
                write(out, "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
              }
            });
        var under = gateway(GatewayOptions.DEFAULT, endpoint.config("e"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(502);
    }
  }

  @Test
  void aHeadThatNeverEndsIsABadGateway() throws Exception {
    try (var endpoint =
            new RawEndpoint((socket, out) -> {
              write(out, "HTTP/1.1 200 OK\r\n");
              while (true) {
                write(out, "X-Filler: " + "x".repeat(1_000) + "\r\n");
              }
            });
        var under = gateway(GatewayOptions.DEFAULT, endpoint.config("e"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(502);
    }
  }

  @Test
  void anInterimAnswerIsNotTheAnswer() throws Exception {
    try (var endpoint = RawEndpoint.answering("HTTP/1.1 103 Early Hints\r\n\r\n" + OK);
        var under = gateway(GatewayOptions.DEFAULT, endpoint.config("e"))) {
      assertThat(under.post(CHAT, BODY).body()).isEqualTo("{\"ok\":true}");
    }
  }

  private static RawEndpoint breakingAfterTheHead() {
    return new RawEndpoint((socket, out) -> {
      write(
          out,
          "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
      socket.close();
    });
  }

  @Test
  void aStreamThatBreaksBeforeItsBodyIsABadGateway() throws Exception {
    try (var breaking = breakingAfterTheHead();
        var under = gateway(GatewayOptions.DEFAULT, breaking.config("e"))) {
      assertThat(under.post(CHAT, BODY).statusCode()).isEqualTo(502);
      assertThat(breaking.requests()).hasSize(1);
    }
  }

  @Test
  void aStreamThatBreaksBeforeItsBodyGoesElsewhereIfThatIsAllowed() throws Exception {
    var options = GatewayOptions.builder().repeatAfterClose(true).build();
    try (var one = breakingAfterTheHead();
        var other = breakingAfterTheHead();
        var good = RawEndpoint.answering(OK);
        var under = gateway(options, one.config("a"), other.config("b"), good.config("c"))) {
      assertThat(under.post(CHAT, BODY).body()).isEqualTo("{\"ok\":true}");
      Waiting.untilQuiet(under);
    }
  }

  @Test
  void requestsOfAHungEndpointFailWhenItsHealthGoes() throws Exception {
    try (var hung = new RawEndpoint((socket, out) -> {});
        var under = gateway(GatewayOptions.DEFAULT, hung.config("e"))) {
      var waiting = under.postLater(CHAT, BODY);
      org.awaitility.Awaitility.await().atMost(SOON).until(() -> hung.requests().size() == 1);

      for (var i = 0; i < 3; i++) {
        under.pool().healthCheckFailed("e");
      }

      assertThat(waiting.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(502);
      Waiting.untilQuiet(under);
    }
  }

  @Test
  void aRestartOfTheOnlyEndpointQueuesWhatWasNotSent() throws Exception {
    int port;
    try (var free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    var config = GatewayUnderTest.endpoint("e", "http://127.0.0.1:" + port);
    try (var under = gateway(GatewayOptions.DEFAULT, config)) {
      var waiting = under.postLater(CHAT, BODY);
      org.awaitility.Awaitility.await()
          .atMost(SOON)
          .until(() -> under.controller().view().queuedRequests() == 1);

      try (var restarted = RawEndpoint.answering(OK, port)) {
        under.pool().healthCheckPassed("e");

        assertThat(waiting.get(60, TimeUnit.SECONDS).statusCode()).isEqualTo(200);
        assertThat(restarted.requests()).hasSize(1);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n",
        ""
      })
  void anEndpointThatFailsAtOnceDrawsNoTraffic(String answer) throws Exception {
    try (var bad =
            new RawEndpoint((socket, out) -> {
              write(out, answer);
              if (answer.isEmpty()) {
                socket.close();
              }
            });
        var good = RawEndpoint.answering(OK);
        var under = gateway(GatewayOptions.DEFAULT, bad.config("bad"), good.config("good"))) {
      for (var i = 0; i < 200; i++) {
        under.post(CHAT, BODY);
      }

      assertThat(bad.requests()).hasSizeLessThan(60);
      assertThat(under.pool().views().getFirst().ejection()).isEqualTo("OUT");
      assertThat(under.pool().views().getLast().ejection()).isEqualTo("IN");
    }
  }
}
