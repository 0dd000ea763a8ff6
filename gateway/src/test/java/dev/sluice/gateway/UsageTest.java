package dev.sluice.gateway;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Usage;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The usage that requests are charged for. Clients do not see that the gateway asks for it. */
class UsageTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT = "/v1/chat/completions";
  private static final String STREAM = GatewayUnderTest.chat(9, true);
  private static final String STREAM_HEAD =
      "HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream; charset=utf-8\r\n";
  private static final String CONTENT = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
  private static final String USAGE =
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":30,"
          + "\"prompt_tokens_details\":{\"cached_tokens\":8}}}\n\n";
  private static final String DONE = "data: [DONE]\n\n";
  private static final Usage SAID = new Usage(40, 8, 30);

  private static GatewayUnderTest gateway(RawEndpoint endpoint, GatewayOptions options) {
    // A request that no endpoint accepts waits for one, and here not for long.
    var config = FlowControlConfig.builder().noEndpointTtl(Duration.ofMillis(200)).build();
    var under = new GatewayUnderTest(0, GatewayUnderTest.quick(), config, options);
    under.use(List.of(endpoint.config("e")));
    return under;
  }

  private static void chunk(OutputStream out, String text) throws IOException {
    out.write((Integer.toHexString(text.length()) + "\r\n" + text + "\r\n").getBytes(ISO_8859_1));
    out.flush();
  }

  /** Streams events in pieces of {@code size} bytes. */
  private static RawEndpoint streaming(String events, int size) {
    return new RawEndpoint((Socket socket, OutputStream out) -> {
      out.write((STREAM_HEAD + "Transfer-Encoding: chunked\r\n\r\n").getBytes(ISO_8859_1));
      for (var at = 0; at < events.length(); at += size) {
        chunk(out, events.substring(at, Math.min(events.length(), at + size)));
      }
      out.write("0\r\n\r\n".getBytes(ISO_8859_1));
    });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 100_000})
  void asksAStreamForItsUsageAndHidesIt(int pieceBytes) throws Exception {
    var events = ": hello\n\n" + CONTENT + CONTENT + USAGE + DONE;
    try (var endpoint = streaming(events, pieceBytes);
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      var answer = under.post(CHAT, STREAM);

      assertThat(answer.body()).isEqualTo(": hello\n\n" + CONTENT + CONTENT + DONE);
      assertThat(endpoint.requests().getFirst())
          .endsWith("{\"stream_options\":{\"include_usage\":true}," + STREAM.substring(1));
      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(SAID);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\"choices\":null,", ""})
  void hidesTheUsageWhateverItSaysOfChoices(String choices) throws Exception {
    var usage = USAGE.replace("\"choices\":[],", choices);
    assertThat(usage).isNotEqualTo(USAGE);
    try (var endpoint = streaming(CONTENT + usage + DONE, 100_000);
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      assertThat(under.post(CHAT, STREAM).body()).isEqualTo(CONTENT + DONE);

      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(SAID);
    }
  }

  @Test
  void hidesTheUsageWhereTheStreamHasALength() throws Exception {
    var events = CONTENT + USAGE + DONE;
    var head = STREAM_HEAD + "Content-Length: " + events.length() + "\r\n\r\n";
    try (var endpoint = RawEndpoint.answering(head + events);
        var under = gateway(endpoint, GatewayOptions.DEFAULT);
        var client = RawClient.chat(under, STREAM)) {
      var answer = client.readTo("\r\n0\r\n\r\n");

      assertThat(RawClient.unchunked(answer)).isEqualTo(CONTENT + DONE);
      assertThat(answer).doesNotContainIgnoringCase("content-length");
    }
  }

  @Test
  void passesWhatWasHeldWhenAStreamEndsInTheMiddleOfAnEvent() throws Exception {
    try (var endpoint = streaming(CONTENT + "data: {\"choi", 10);
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      assertThat(under.post(CHAT, STREAM).body()).isEqualTo(CONTENT + "data: {\"choi");
    }
  }

  @Test
  void passesEachEventOnAtOnce() throws Exception {
    var endpoint =
        new RawEndpoint((socket, out) -> {
          out.write((STREAM_HEAD + "Transfer-Encoding: chunked\r\n\r\n").getBytes(ISO_8859_1));
          chunk(out, CONTENT); // and no more
        });
    try (endpoint;
        var under = gateway(endpoint, GatewayOptions.DEFAULT);
        var client = RawClient.chat(under, STREAM)) {
      assertThat(client.readTo(CONTENT)).endsWith(CONTENT);
    }
  }

  @Test
  void chargesWhatAStreamHasGeneratedWhileItGoesOn() throws Exception {
    var charged = new CopyOnWriteArrayList<Usage>();
    var config =
        FlowControlConfig.builder()
            .costModel(Plugin.of("recording", () -> new Recording(charged)))
            .build();
    var endpoint =
        new RawEndpoint((socket, out) -> {
          out.write((STREAM_HEAD + "Transfer-Encoding: chunked\r\n\r\n").getBytes(ISO_8859_1));
          chunk(out, CONTENT.repeat(250)); // and no more
        });
    try (endpoint;
        var under =
            new GatewayUnderTest(0, GatewayUnderTest.quick(), config, GatewayOptions.DEFAULT)) {
      under.use(List.of(endpoint.config("e")));
      try (var client = RawClient.chat(under, STREAM)) {
        client.readTo(CONTENT);
        await()
            .atMost(SOON)
            .until(() -> !charged.isEmpty() && charged.getLast().outputTokens() >= 100);

        assertThat(charged.getLast().outputTokens()).isLessThanOrEqualTo(250L);
        assertThat(under.isQuiet()).as("it has ended").isFalse();
      }
    }
  }

  /** Keeps the usage that it was asked to charge for; a token costs one unit. */
  private record Recording(List<Usage> charged) implements CostModel {
    @Override
    public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
      return 1;
    }

    @Override
    public long actual(Usage usage) {
      charged.add(usage);
      return usage.outputTokens();
    }
  }

  @Test
  void showsTheUsageToAClientThatAskedForIt() throws Exception {
    var asking =
        STREAM.replace("\"stream\"", "\"stream_options\":{\"include_usage\":true},\"stream\"");
    try (var endpoint = streaming(CONTENT + USAGE + DONE, 50);
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      assertThat(under.post(CHAT, asking).body()).isEqualTo(CONTENT + USAGE + DONE);

      assertThat(endpoint.requests().getFirst()).endsWith("\r\n\r\n" + asking);
      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(SAID);
    }
  }

  @Test
  void readsAUsageThatEndsWithTheStream() throws Exception {
    var asking =
        STREAM.replace("\"stream\"", "\"stream_options\":{\"include_usage\":true},\"stream\"");
    try (var endpoint = streaming(CONTENT + USAGE.strip(), 50);
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      assertThat(under.post(CHAT, asking).body()).isEqualTo(CONTENT + USAGE.strip());

      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(SAID);
    }
  }

  @Test
  void leavesEverythingAsItIsWhereItMayNotAsk() throws Exception {
    try (var endpoint = streaming(CONTENT + CONTENT + DONE, 50);
        var under = gateway(endpoint, GatewayOptions.builder().askForUsage(false).build())) {
      assertThat(under.post(CHAT, STREAM).body()).isEqualTo(CONTENT + CONTENT + DONE);

      assertThat(endpoint.requests().getFirst()).endsWith("\r\n\r\n" + STREAM);
      await().atMost(SOON).until(under::isQuiet);
      // An event with content counts as a token; the prompt's tokens are estimated.
      assertThat(under.used()).containsExactly(Usage.of(10, 2));
    }
  }

  @Test
  void leavesRequestsThatAreNoStreamsAlone() throws Exception {
    var whole = GatewayUnderTest.chat(9, false);
    var body =
        "{\"choices\":[],\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":30,"
            + "\"prompt_tokens_details\":{\"cached_tokens\":8}}}";
    try (var endpoint = RawEndpoint.answering(RawEndpoint.json(body));
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      assertThat(under.post(CHAT, whole).body()).isEqualTo(body);

      assertThat(endpoint.requests().getFirst()).endsWith("\r\n\r\n" + whole);
      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(SAID);
    }
  }

  @Test
  void asksAgainWhereItTriesAgain() throws Exception {
    try (var closing = RawEndpoint.closing();
        var endpoint = streaming(CONTENT + USAGE + DONE, 50);
        var under = gateway(endpoint, GatewayOptions.builder().repeatAfterClose(true).build())) {
      under.use(List.of(closing.config("closing"), endpoint.config("e")));
      for (var i = 0; i < 3; i++) {
        assertThat(under.post(CHAT, STREAM).body()).isEqualTo(CONTENT + DONE);
      }

      var asked = "{\"stream_options\":{\"include_usage\":true}," + STREAM.substring(1);
      assertThat(closing.requests()).isNotEmpty().allSatisfy(r -> assertThat(r).endsWith(asked));
      assertThat(endpoint.requests()).hasSize(3).allSatisfy(r -> assertThat(r).endsWith(asked));
    }
  }

  @Test
  void chargesNothingWhereAnEndpointRefuses() throws Exception {
    assertThat(chargedForAnError(400)).isEqualTo(Usage.NONE);
    assertThat(chargedForAnError(503)).isEqualTo(Usage.NONE);
  }

  /** The endpoint may have worked for as long as it took to fail. */
  @Test
  void chargesTheEstimateWhereAnEndpointFails() throws Exception {
    assertThat(chargedForAnError(500)).isEqualTo(Usage.of(10, 9));
  }

  private Usage chargedForAnError(int status) throws Exception {
    var error = "{\"error\":{},\"usage\":{\"prompt_tokens\":40,\"completion_tokens\":30}}";
    try (var endpoint =
            RawEndpoint.answering(RawEndpoint.json(error).replace("200 OK", status + " Oops"));
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      assertThat(under.post(CHAT, STREAM).statusCode()).isEqualTo(status);

      await().atMost(SOON).until(under::isQuiet);
      return under.used().getFirst();
    }
  }

  @Test
  void chargesWhatHadComeWhenAnEndpointBreaksOff() throws Exception {
    RawEndpoint.Script breaks =
        (socket, out) -> {
          out.write((STREAM_HEAD + "Transfer-Encoding: chunked\r\n\r\n").getBytes(ISO_8859_1));
          chunk(out, CONTENT.repeat(5));
          socket.close();
        };
    try (var endpoint = new RawEndpoint(breaks);
        var under = gateway(endpoint, GatewayOptions.DEFAULT);
        var client = RawClient.chat(under, STREAM)) {
      client.readAll();

      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(Usage.of(10, 5));
    }
  }

  @Test
  void chargesWhatHadComeWhenItsClientLeaves() throws Exception {
    RawEndpoint.Script goesOn =
        (socket, out) -> {
          out.write((STREAM_HEAD + "Transfer-Encoding: chunked\r\n\r\n").getBytes(ISO_8859_1));
          chunk(out, CONTENT.repeat(5));
        };
    try (var endpoint = new RawEndpoint(goesOn);
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      try (var client = RawClient.chat(under, STREAM)) {
        client.readTo(CONTENT.repeat(5));
      }

      await().atMost(SOON).until(() -> under.used().size() == 1);
      assertThat(under.used()).containsExactly(Usage.of(10, 5));
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  /** Otherwise a client that leaves just before its answer would get slots for nothing. */
  @Test
  void chargesTheEstimateWhenAClientLeavesBeforeItsAnswer() throws Exception {
    try (var silent = new RawEndpoint((socket, out) -> {});
        var under = gateway(silent, GatewayOptions.DEFAULT)) {
      try (var client = RawClient.chat(under, GatewayUnderTest.chat(9, false))) {
        await().atMost(SOON).until(() -> !silent.requests().isEmpty());
      }

      await().atMost(SOON).until(() -> under.used().size() == 1);
      assertThat(under.used()).containsExactly(Usage.of(10, 9));
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void chargesTheEstimateWhereAnAnswerSaysNothingOfUsage() throws Exception {
    try (var endpoint = RawEndpoint.answering(RawEndpoint.json("{\"choices\":[]}"));
        var under = gateway(endpoint, GatewayOptions.DEFAULT)) {
      under.post(CHAT, GatewayUnderTest.chat(9, false));

      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(Usage.of(10, 9));
    }
  }

  @Test
  void chargesNothingWhereNoEndpointAcceptsAConnection() throws Exception {
    try (var closed = RawEndpoint.closing();
        var under = gateway(closed, GatewayOptions.DEFAULT)) {
      closed.close();

      assertThat(under.post(CHAT, GatewayUnderTest.chat(9, false)).statusCode()).isEqualTo(503);

      await().atMost(SOON).until(under::isQuiet);
      assertThat(under.used()).containsExactly(Usage.NONE);
    }
  }

  @Test
  void chargesAStreamAsItGoes() throws Exception {
    RawEndpoint.Script goesOn =
        (socket, out) -> {
          out.write((STREAM_HEAD + "Transfer-Encoding: chunked\r\n\r\n").getBytes(ISO_8859_1));
          for (var i = 0; i < 25; i++) {
            chunk(out, CONTENT.repeat(10));
          }
        };
    try (var endpoint = new RawEndpoint(goesOn);
        var under = gateway(endpoint, GatewayOptions.DEFAULT);
        var _ = RawClient.chat(under, STREAM)) {
      // The first piece is reported, then every hundred events: 10, 110 and 210 of the 250.
      // 10 tokens in, at 1, and 210 out, at 2, while it still runs.
      var expected = (10 + 210 * 2) * 1024;
      await()
          .atMost(SOON)
          .untilAsserted(() -> {
            var flow = under.controller().view().bands().getFirst().flows().getFirst();
            assertThat(flow.dispatchedCost()).isEqualTo(expected);
          });
      assertThat(under.used()).isEmpty();
    }
  }
}
