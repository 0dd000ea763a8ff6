package dev.sluice.epp;

import static dev.sluice.epp.PickerUnderTest.address;
import static dev.sluice.epp.PickerUnderTest.completion;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Value;
import dev.sluice.serving.route.Routes;
import io.envoyproxy.envoy.config.core.v3.HeaderMap;
import io.envoyproxy.envoy.config.core.v3.HeaderValue;
import io.envoyproxy.envoy.config.core.v3.Metadata;
import io.envoyproxy.envoy.service.ext_proc.v3.HttpHeaders;
import io.envoyproxy.envoy.service.ext_proc.v3.ProcessingRequest;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The way of a request through the picker: the cases of upstream's tests, by their numbers.
 *
 * <p>This class is long because it has one test for each of upstream's cases.
 */
final class RequestLegTest {
  private final PickerUnderTest picker = new PickerUnderTest(3, PickerOptions.DEFAULT);

  @AfterEach
  void stop() throws InterruptedException {
    picker.close();
  }

  private static String destination(StrictProxy proxy) throws InterruptedException {
    var reply = proxy.next();
    assertThat(reply.hasRequestHeaders()).as(reply.toString()).isTrue();
    return String.valueOf(StrictProxy.set(reply).get(Names.DESTINATION));
  }

  private StrictProxy completion(Metadata metadata) {
    return picker
        .open()
        .headers(metadata, false, ":path", "/v1/completions")
        .body(metadata, PickerUnderTest.completion("hi").getBytes(UTF_8), true);
  }

  @Test
  @DisplayName("T01 names the chosen endpoint in header and metadata, and passes the body on")
  void namesTheChosenEndpoint() throws InterruptedException {
    picker.choice = 1;
    var body = PickerUnderTest.completion("test1");

    var proxy = picker.open().headers("hi", "mom", "x-request-id", "r1").body(body, true);

    var reply = proxy.next();
    assertThat(StrictProxy.set(reply))
        .containsExactlyInAnyOrderEntriesOf(
            Map.of(
                Names.DESTINATION, address(1), "content-length", Integer.toString(body.length())));
    assertThat(proxy.requestBody()).asString(UTF_8).isEqualTo(body);
    proxy.cancel();
  }

  @Test
  @DisplayName("T05 passes a body that is not JSON on, byte by byte, if its path is not read")
  void passesUnreadBodiesOn() throws InterruptedException {
    try (var passing =
        new PickerUnderTest(
            2,
            PickerOptions.DEFAULT.withRoutes(
                new Routes(Map.of("/*", Routes.UNREAD, "/v1/completions", Routes.UNREAD))))) {
      var proxy = passing.open().headers("hi", "mom").body("passthrough-parser", true);

      assertThat(destination(proxy)).isEqualTo(address(0));
      assertThat(proxy.requestBody()).asString(UTF_8).isEqualTo("passthrough-parser");
      proxy.cancel();
    }
  }

  @Test
  @DisplayName("T06 joins a body that is split inside a name")
  void readsSplitBodies() throws InterruptedException {
    var proxy =
        picker
            .open()
            .headers("hi", "mom")
            .body("{\"max_tokens\":100,\"model\":\"sql-lo", false)
            .body("ra\",\"prompt\":\"test6\"}", true);

    assertThat(destination(proxy)).isEqualTo(address(0));
    assertThat(proxy.requestBody())
        .asString(UTF_8)
        .isEqualTo("{\"max_tokens\":100,\"model\":\"sql-lora\",\"prompt\":\"test6\"}");
    proxy.cancel();
  }

  @Test
  @DisplayName("T07 serves a request of an unknown objective at the usual priority")
  void servesUnknownObjectives() throws InterruptedException {
    var proxy =
        picker
            .open()
            .headers("x-llm-d-inference-objective", "direct-model")
            .body(PickerUnderTest.completion("test6"), true);

    assertThat(destination(proxy)).isEqualTo(address(0));
    proxy.cancel();
  }

  @Test
  @DisplayName("T12 routes an unknown path by default")
  void routesUnknownPaths() throws InterruptedException {
    var proxy = picker.open().headers(":path", "/v1/unknown").body("anything", true);

    assertThat(destination(proxy)).isEqualTo(address(0));
    proxy.cancel();
  }

  @Test
  @DisplayName("T14, T15 chooses only from the subset, by the metadata of headers or last body")
  void choosesFromTheSubset() throws InterruptedException {
    var both = completion(StrictProxy.subset(address(2)));
    assertThat(destination(both)).isEqualTo(address(2));
    both.cancel();

    var onlyBody =
        picker
            .open()
            .headers(":path", "/v1/completions")
            .body(
                StrictProxy.subset(address(1)),
                PickerUnderTest.completion("hi").getBytes(UTF_8),
                true);
    assertThat(destination(onlyBody)).isEqualTo(address(1));
    onlyBody.cancel();
  }

  @Test
  @DisplayName("T16 refuses a subset of unknown endpoints with 503")
  void refusesUnknownSubsets() throws InterruptedException {
    var refusal = completion(StrictProxy.subset("192.168.1.99:8000")).refusal();

    assertThat(refusal.getStatus().getCodeValue()).isEqualTo(503);
    assertThat(StrictProxy.set(refusal))
        .containsEntry("x-llm-d-request-dropped-reason", "rejected-no-endpoints");
    assertThat(refusal.getBody().toStringUtf8())
        .startsWith("inference error: ServiceUnavailable - ");
  }

  @Test
  @DisplayName("T17 refuses an empty subset with 503")
  void refusesEmptySubsets() throws InterruptedException {
    var refusal = completion(StrictProxy.subset()).refusal();

    assertThat(refusal.getStatus().getCodeValue()).isEqualTo(503);
  }

  @Test
  @DisplayName("T18 reads a subset that is a string, and compares ports. Upstream ignores both")
  void readsTheSubsetInAString() throws InterruptedException {
    var proxy =
        completion(
            StrictProxy.subset(
                Value.newBuilder().setStringValue("127.0.1.1:9999, " + address(2) + ",").build()));

    assertThat(destination(proxy)).isEqualTo(address(2));
    proxy.cancel();
  }

  @Test
  @DisplayName("A subset of the wrong type is refused with 400")
  void refusesSubsetsOfTheWrongType() throws InterruptedException {
    var refusal =
        completion(StrictProxy.subset(Value.newBuilder().setNumberValue(7).build())).refusal();

    assertThat(refusal.getStatus().getCodeValue()).isEqualTo(400);
    assertThat(refusal.getBody().toStringUtf8()).contains("envoy.lb.subset_hint", "NUMBER_VALUE");
  }

  @Test
  @DisplayName("T19 answers a request without a body with one reply, and obeys its subset")
  void answersHeaderOnlyRequests() throws InterruptedException {
    var proxy =
        picker
            .open()
            .headers(StrictProxy.subset(address(1)), true, ":method", "GET", ":path", "/v1/models");

    assertThat(destination(proxy)).isEqualTo(address(1));
    proxy.close();
    assertThat(proxy.end().isOk()).isTrue();
  }

  @Test
  @DisplayName("T20 says nothing before the body is complete")
  void waitsForTheWholeBody() throws InterruptedException {
    var proxy = picker.open().headers(":path", "/v1/completions").body("{\"model\":", false);

    assertThat(proxy.hearsNothing()).isTrue();
    proxy.cancel();
  }

  @ParameterizedTest
  @ValueSource(ints = {62_000, 62_001, 200_000, 30_000_000})
  @DisplayName("T21 passes a large body on whole, in small pieces")
  void passesLargeBodiesOn(int size) throws InterruptedException {
    var text = new StringBuilder(size);
    new Random(size).ints(size - 100, 'a', 'z').forEach(letter -> text.append((char) letter));
    var body = PickerUnderTest.completion(text.toString());

    var proxy = picker.open().headers(":path", "/v1/completions");
    for (var from = 0; from < body.length(); from += 1 << 16) {
      var to = Math.min(body.length(), from + (1 << 16));
      proxy.body(body.substring(from, to), to == body.length());
    }

    assertThat(destination(proxy)).isEqualTo(address(0));
    assertThat(new String(proxy.requestBody(), UTF_8).equals(body)).as("equal body").isTrue();
    proxy.cancel();
  }

  @Test
  @DisplayName(
      "T22 reads a message up to the limit; a larger one ends the stream, pieces of it not")
  void limitsMessages() throws InterruptedException {
    var large = PickerUnderTest.completion("x".repeat(5_000_000));
    var refused = picker.open().headers(":path", "/v1/completions").body(large, true);
    assertThat(refused.end().getCode()).isEqualTo(io.grpc.Status.Code.RESOURCE_EXHAUSTED);

    try (var wide =
        new PickerUnderTest(
            1,
            PickerOptions.DEFAULT,
            PickerUnderTest.unlimited().build(),
            PickerUnderTest.plain(6 << 20))) {
      var proxy = wide.open().headers(":path", "/v1/completions").body(large, true);
      assertThat(destination(proxy)).isEqualTo(address(0));
      assertThat(proxy.requestBody()).hasSize(large.length());
      proxy.cancel();
    }
  }

  @Test
  @DisplayName("T23 reads names in any case, and raw_value before value")
  void readsHeadersAsUpstream() throws InterruptedException {
    var headers =
        HeaderMap.newBuilder()
            .addHeaders(
                HeaderValue.newBuilder()
                    .setKey("X-Request-ID")
                    .setValue("")
                    .setRawValue(com.google.protobuf.ByteString.copyFromUtf8("raw")))
            .addHeaders(HeaderValue.newBuilder().setKey(":path").setValue("/v1/completions"));
    var proxy =
        picker.open().headers("X-Request-ID", "mine").body(PickerUnderTest.completion("hi"), true);
    assertThat(StrictProxy.set(proxy.next())).doesNotContainKey("x-request-id");
    proxy.cancel();

    assertThat(new Headers(headers.build()).first("x-request-id")).isEqualTo("raw");
    assertThat(new Headers(headers.build()).first(":path")).isEqualTo("/v1/completions");
  }

  @Test
  @DisplayName("T24 replaces the client's destination, and removes control headers")
  void clientsSetNoControlHeaders() throws InterruptedException {
    var proxy =
        picker
            .open()
            .headers(
                "x-gateway-destination-endpoint",
                "1.1.1.1:666",
                "content-length",
                "99999",
                "x-user-data",
                "kept",
                "x-llm-d-inference-fairness-id",
                "gold",
                "x-gateway-destination-endpoint-served",
                "1.1.1.1:666",
                "x-prefiller-host-port",
                "1.1.1.1:666")
            .body(PickerUnderTest.completion("hi"), true);

    var reply = proxy.next();
    assertThat(StrictProxy.set(reply))
        .containsEntry(Names.DESTINATION, address(0))
        .doesNotContainEntry("content-length", "99999")
        .doesNotContainKey("x-user-data");
    assertThat(StrictProxy.removed(reply))
        .containsExactlyInAnyOrder(
            "x-llm-d-inference-fairness-id",
            "x-gateway-destination-endpoint-served",
            "x-prefiller-host-port");
    proxy.cancel();
  }

  @Test
  @DisplayName("T25 leaves trace headers as they came")
  void leavesTraceHeaders() throws InterruptedException {
    var proxy =
        picker
            .open()
            .headers("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            .body(PickerUnderTest.completion("hi"), true);

    var reply = proxy.next();
    assertThat(StrictProxy.set(reply)).doesNotContainKey("traceparent");
    assertThat(StrictProxy.removed(reply)).doesNotContain("traceparent");
    proxy.cancel();
  }

  @Test
  @DisplayName("T26 gives a request without x-request-id one")
  void makesRequestIds() throws InterruptedException {
    var proxy = picker.open().headers("hi", "mom").body(PickerUnderTest.completion("hi"), true);

    assertThat(StrictProxy.set(proxy.next()).get("x-request-id")).hasSize(36);
    proxy.cancel();
  }

  @Test
  @DisplayName("T27 takes trailers as the end of the body. Upstream never answers")
  void trailersEndTheBody() throws InterruptedException {
    var proxy =
        picker
            .open()
            .headers(":path", "/v1/completions")
            .body(PickerUnderTest.completion("hi"), false)
            .trailers();

    assertThat(destination(proxy)).isEqualTo(address(0));
    var piece = proxy.next().getRequestBody().getResponse().getBodyMutation();
    assertThat(piece.getStreamedResponse().getEndOfStream()).isFalse();
    assertThat(piece.getStreamedResponse().getBody().toStringUtf8())
        .isEqualTo(PickerUnderTest.completion("hi"));
    assertThat(proxy.next().hasRequestTrailers()).isTrue();
    proxy.cancel();
  }

  @Test
  @DisplayName("An empty body is answered with one empty last piece")
  void answersEmptyBodies() throws InterruptedException {
    var proxy = picker.open().headers(":path", "/v1/files").body("", true);

    assertThat(destination(proxy)).isEqualTo(address(0));
    assertThat(proxy.requestBody()).isEmpty();
    proxy.cancel();
  }

  @Test
  @DisplayName("A path that ends in a known one is read as that")
  void readsKnownSuffixes() throws InterruptedException {
    var refusal =
        picker
            .open()
            .headers(":path", "/tenant-a/v1/chat/completions?x=1")
            .body("no JSON", true)
            .refusal();

    assertThat(refusal.getStatus().getCodeValue()).isEqualTo(400);
  }

  @Test
  void writesTheAddressOfAnIpv6EndpointInBrackets() throws InterruptedException {
    picker.use(java.util.List.of(PickerUnderTest.serving("v6", "http://[fd00::1]:3002", "m")));

    var proxy = completion(StrictProxy.subset("[fd00::1]:3002"));

    assertThat(destination(proxy)).isEqualTo("[fd00::1]:3002");
    proxy.cancel();
  }

  @Test
  @DisplayName("A message out of order ends the stream with an error, and nothing is held")
  void endsStreamsOutOfOrder() throws InterruptedException {
    var body = picker.open().body("{}", true);
    assertThat(body.end().getCode()).isEqualTo(io.grpc.Status.Code.INVALID_ARGUMENT);

    var twice = picker.open().headers("hi", "mom").headers("hi", "mom");
    assertThat(twice.end().getCode()).isEqualTo(io.grpc.Status.Code.INVALID_ARGUMENT);

    var answerFirst = picker.sent().responseBody("x", true);
    assertThat(answerFirst.end().getCode()).isEqualTo(io.grpc.Status.Code.INVALID_ARGUMENT);

    var bodyAfterEnd = picker.sent().body("x", true);
    assertThat(bodyAfterEnd.end().getCode()).isEqualTo(io.grpc.Status.Code.INVALID_ARGUMENT);

    var empty = picker.open().send(ProcessingRequest.newBuilder());
    assertThat(empty.end().getCode()).isEqualTo(io.grpc.Status.Code.INVALID_ARGUMENT);
    picker.awaitNothingHeld();
  }

  @Test
  @DisplayName("Invalid UTF-8 in a header is served, in a body refused")
  void survivesInvalidUtf8() throws InterruptedException {
    var invalid = com.google.protobuf.ByteString.copyFrom(new byte[] {(byte) 0xC3, 0x28});
    var header =
        HeaderValue.newBuilder().setKey("x-llm-d-inference-fairness-id").setRawValue(invalid);
    var served =
        picker
            .open()
            .send(
                ProcessingRequest.newBuilder()
                    .setRequestHeaders(
                        HttpHeaders.newBuilder()
                            .setHeaders(HeaderMap.newBuilder().addHeaders(header))
                            .setEndOfStream(true)));
    served.close();
    assertThat(served.hearsNothing()).isFalse();

    var refusal =
        picker
            .open()
            .headers("hi", "mom")
            .body(new byte[] {'{', '"', (byte) 0xC3, 0x28, '"', ':', '1', '}'}, true)
            .refusal();
    assertThat(refusal.getStatus().getCodeValue()).isEqualTo(400);
  }
}
