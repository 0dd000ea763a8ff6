package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.vertx.core.MultiMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The headers that pass in each direction, as the table of {@link ProxyHeaders} says. */
final class ProxyHeadersTest {
  private static final ProxyHeaders HEADERS = new ProxyHeaders(Set.of("x-tenant"), "");
  private static final ProxyHeaders WITH_KEY = new ProxyHeaders(Set.of("x-tenant"), "up");

  private static MultiMap client(String... namesAndValues) {
    var headers = MultiMap.caseInsensitiveMultiMap();
    for (var i = 0; i < namesAndValues.length; i += 2) {
      headers.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    return headers;
  }

  private static HttpHeaders toEndpoint(MultiMap client) {
    return HEADERS.toEndpoint(client, "e:8000", "r1", 0, false);
  }

  /** The names and values that the client gets; values of a repeated name are joined. */
  private static Map<String, String> toClient(boolean shortens, String... namesAndValues) {
    var endpoint = new DefaultHttpHeaders();
    for (var i = 0; i < namesAndValues.length; i += 2) {
      endpoint.add(namesAndValues[i], namesAndValues[i + 1]);
    }
    var client = client();
    var hasLength = HEADERS.toClient(endpoint, "r1", shortens, client);
    assertThat(hasLength).isEqualTo(client.contains("content-length"));
    return client.entries().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue, (a, b) -> a + ", " + b));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "Expect",
        "Accept-Encoding",
        "X-Tenant"
      })
  void keepsAHeaderFromTheEndpoint(String name) {
    var sent = toEndpoint(client(name, "v"));

    assertThat(sent.contains(name)).isFalse();
  }

  @Test
  void passesEveryOtherHeaderToTheEndpoint() {
    var sent = toEndpoint(client("X-Other", "a", "X-Other", "b", "Authorization", "Bearer c"));

    assertThat(sent.getAll("x-other")).containsExactly("a", "b");
    assertThat(sent.get("authorization")).isEqualTo("Bearer c");
  }

  @Test
  void keepsHeadersFromTheEndpointThatTheConnectionHeaderNames() {
    var sent = toEndpoint(client("Connection", "close, X-Hop", "x-hop", "v", "x-end", "w"));

    assertThat(sent.contains("x-hop")).isFalse();
    assertThat(sent.get("x-end")).isEqualTo("w");
  }

  @Test
  void namesTheEndpointsHostAndTheRequestsId() {
    var sent = toEndpoint(client("host", "gateway", "x-request-id", "theirs"));

    assertThat(sent.getAll("host")).containsExactly("e:8000");
    assertThat(sent.getAll("x-request-id")).containsExactly("r1");
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      textBlock =
          """
          false, false, Bearer c
          false, true,  none
          true,  false, Bearer up
          true,  true,  Bearer up
          """)
  void sendsTheKeyThatIsMeantForTheEndpoint(
      boolean upstreamKey, boolean ownKey, @Nullable String expected) {
    var headers = upstreamKey ? WITH_KEY : HEADERS;

    var sent = headers.toEndpoint(client("authorization", "Bearer c"), "e", "r1", 0, ownKey);

    assertThat(sent.getAll("authorization"))
        .isEqualTo(expected == null ? List.of() : List.of(expected));
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      textBlock =
          """
          none,              none,    0, none
          none,              none,    3, 3
          content-length,    9,       3, 3
          content-length,    0,       0, 0
          transfer-encoding, chunked, 0, 0
          """)
  void givesTheLengthOfTheBodyThatIsSent(
      @Nullable String name, @Nullable String value, long bodyBytes, @Nullable String expected) {
    var from = name == null || value == null ? client() : client(name, value);

    var sent = HEADERS.toEndpoint(from, "e", "r1", bodyBytes, false);

    assertThat(sent.get("content-length")).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      textBlock =
          """
          none,              none,    false, 0
          content-length,    0,       false, 0
          content-length,    7,       true,  7
          transfer-encoding, chunked, true,  0
          """)
  void readsTheLengthThatIsAnnounced(
      @Nullable String name, @Nullable String value, boolean announced, long bytes) {
    var from = name == null || value == null ? client() : client(name, value);

    assertThat(ProxyHeaders.announcesBody(from)).isEqualTo(announced);
    assertThat(ProxyHeaders.announcedBytes(from)).isEqualTo(bytes);
  }

  @Test
  void keepsTheIdThatTheClientGave() {
    assertThat(ProxyHeaders.requestId(client("X-Request-Id", "theirs"))).isEqualTo("theirs");
  }

  @Test
  void makesAnIdIfTheClientGaveNone() {
    assertThat(ProxyHeaders.requestId(client("x-request-id", " ")))
        .matches("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}");
  }

  @Test
  void passesAnAnswersHeadersToTheClientExceptThoseOfTheConnection() {
    var passed =
        toClient(
            false,
            "Connection",
            "x-hop",
            "x-hop",
            "v",
            "Transfer-Encoding",
            "chunked",
            "Content-Type",
            "a/b",
            "Set-Cookie",
            "one",
            "Set-Cookie",
            "two");

    assertThat(passed)
        .containsOnly(
            Map.entry("Content-Type", "a/b"),
            Map.entry("Set-Cookie", "one, two"),
            Map.entry("x-request-id", "r1"));
  }

  @Test
  void replacesTheRequestIdInTheAnswer() {
    assertThat(toClient(false, "x-request-id", "theirs")).containsEntry("x-request-id", "r1");
  }

  @ParameterizedTest
  @CsvSource({"false, true", "true, false"})
  void passesTheLengthUnlessTheBodyMayShrink(boolean shortens, boolean passes) {
    assertThat(toClient(shortens, "content-length", "5").containsKey("content-length"))
        .isEqualTo(passes);
  }
}
