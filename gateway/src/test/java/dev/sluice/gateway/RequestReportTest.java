package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import dev.sluice.endpoints.EndpointConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What is reported of each request when it has ended. */
class RequestReportTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT = "/v1/chat/completions";
  private static final String STREAM = GatewayUnderTest.chat(4, true);
  private static final String HEAD =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
  private static final String TOKEN = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";

  private final Semaphore answers = new Semaphore(0);

  private RawEndpoint held() {
    return new RawEndpoint((socket, out) -> {
      answers.acquireUninterruptibly();
      send(out, HEAD + chunk(TOKEN));
      send(out, chunk(TOKEN) + chunk("data: [DONE]\n\n") + "0\r\n\r\n");
    });
  }

  private static void send(OutputStream out, String text) throws java.io.IOException {
    out.write(text.getBytes(ISO_8859_1));
    out.flush();
  }

  private static String chunk(String text) {
    return Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
  }

  private static GatewayUnderTest oneAtATime(long queued, EndpointConfig... endpoints) {
    var config =
        FlowControlConfig.builder()
            .detector(GatewayUnderTest.roomFor(1))
            .maxRequests(queued)
            .build();
    var under = new GatewayUnderTest(0, GatewayUnderTest.quick(), config, GatewayOptions.DEFAULT);
    under.use(List.of(endpoints));
    return under;
  }

  private static void awaitQueued(GatewayUnderTest under, int queued) {
    await()
        .atMost(SOON)
        .until(() ->
            under.controller().view().runningRequests() == 1
                && under.controller().view().queuedRequests() == queued);
  }

  @Test
  void tellsHowLongEachRequestWaited() throws Exception {
    try (var endpoint = held();
        var under = oneAtATime(0, endpoint.config("e"))) {
      var calls = Stream.generate(() -> under.postLater(CHAT, STREAM)).limit(4).toList();
      awaitQueued(under, 3);
      answers.release(4);
      for (var call : calls) {
        assertThat(call.get().statusCode()).isEqualTo(200);
      }
      await().atMost(SOON).until(() -> under.reports().size() == 4);

      assertThat(under.reports())
          .allSatisfy(report -> {
            assertThat(report.outcome()).isEqualTo("Dispatched");
            assertThat(report.status()).isEqualTo(200);
            assertThat(report.endpoint()).isEqualTo("e");
            assertThat(report.reason()).isEmpty();
            assertThat(report.model()).isEqualTo("sim");
            assertThat(report.outputTokens()).isEqualTo(2);
            assertThat(
                    List.of(
                        0L,
                        report.offeredNanos(),
                        report.decidedNanos(),
                        report.firstTokenNanos(),
                        report.totalNanos()))
                .isSorted();
          });
      assertThat(under.reports()).extracting(RequestReport::id).doesNotHaveDuplicates();
      var byWait =
          under.reports().stream()
              .sorted(Comparator.comparingLong(RequestReport::waitNanos))
              .toList();
      var servedBeforeTheLast =
          byWait.subList(1, 3).stream().mapToLong(r -> r.totalNanos() - r.decidedNanos()).sum();
      assertThat(servedBeforeTheLast).isPositive();
      assertThat(byWait.getLast().waitNanos()).isGreaterThanOrEqualTo(servedBeforeTheLast);
      assertThat(under.dispatched())
          .allSatisfy(request ->
              assertThat(System.nanoTime() - request.arrivedAtNanos())
                  .isBetween(0L, Duration.ofHours(1).toNanos()));
    }
  }

  @Test
  void tellsWhyARequestWasNotServed() throws Exception {
    try (var endpoint = held();
        var under = oneAtATime(1, endpoint.config("e"));
        var leaving = RawClient.chat(under, STREAM)) {
      awaitQueued(under, 0);
      var waiting = RawClient.chat(under, STREAM);
      awaitQueued(under, 1);
      assertThat(under.post(CHAT, STREAM).statusCode()).isEqualTo(429);
      assertThat(under.post(CHAT, STREAM.replace("sim", "none")).statusCode()).isEqualTo(404);
      waiting.close();
      await().atMost(SOON).until(() -> under.reports().size() == 3);
      leaving.close();
      await().atMost(SOON).until(() -> under.reports().size() == 4);

      assertThat(under.reports())
          .extracting(r -> r.outcome() + " " + r.status() + " " + r.reason() + " " + r.endpoint())
          .containsExactly(
              "RejectedCapacity 429 rejected-saturated ",
              "NotOffered 404 model_not_found ",
              "EvictedContextCancelled 0 client-left ",
              "Dispatched 0 client-left e");
      assertThat(under.reports().get(2).waitNanos()).isPositive();
      answers.release();
    }
  }

  @Test
  void tellsOfFailuresAtTheEndpointAndLogsOneLineForEach() throws Exception {
    var logger = (Logger) LoggerFactory.getLogger(RequestTrail.class);
    var log = new ListAppender<ILoggingEvent>();
    log.start();
    logger.addAppender(log);
    var broken = HEAD + chunk(TOKEN);
    try (var cut =
            new RawEndpoint((socket, out) -> {
              send(out, broken);
              socket.close();
            });
        var failing = RawEndpoint.answering("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n");
        var closing = RawEndpoint.closing();
        var under = oneAtATime(0, cut.config("cut"))) {
      try (var client = RawClient.chat(under, STREAM)) {
        assertThat(client.readAll()).contains("content");
      }
      under.use(List.of(failing.config("failing")));
      assertThat(under.post(CHAT, STREAM).statusCode()).isEqualTo(500);
      under.use(List.of(closing.config("closing")));
      assertThat(under.post(CHAT, STREAM).statusCode()).isEqualTo(502);
      await().atMost(SOON).until(() -> under.reports().size() == 3);

      assertThat(under.reports())
          .extracting(r -> r.endpoint() + " " + r.status() + " " + r.reason())
          .containsExactly("cut 200 answer-broken-off", "failing 500 ", "closing 502 bad_gateway");
      var ids = under.reports().stream().map(RequestReport::id).toList();
      var lines =
          log.list.stream()
              .map(ILoggingEvent::getFormattedMessage)
              .filter(line -> ids.stream().anyMatch(line::contains))
              .toList();
      assertThat(lines).hasSize(3);
      assertThat(lines.get(0)).contains("at endpoint cut: status 200, answer-broken-off: ");
      assertThat(lines.get(1))
          .contains("at endpoint failing: status 500, as the endpoint answered");
      assertThat(lines.get(2))
          .startsWith(
              "Request " + ids.get(2) + " of tenant default-flow for model sim failed after ")
          .contains("at endpoint closing: status 502, bad_gateway: The connection to endpoint");
    } finally {
      logger.detachAppender(log);
    }
  }
}
