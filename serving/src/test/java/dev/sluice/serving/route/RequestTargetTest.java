package dev.sluice.serving.route;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every spelling of a path is one path. */
final class RequestTargetTest {
  private static String forwarded(String sent) {
    return RequestTarget.of(sent).orElseThrow().forwarded();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v1/chat/completions",
        "/v1/%63hat/completions",
        "/v1/%63%68%61%74/completion%73",
        "//v1/chat/completions",
        "/v1//chat///completions",
        "/v1/chat/completions/",
        "/v1/chat/completions//",
        "/./v1/chat/./completions",
        "/v1/x/../chat/completions",
        "/../../v1/chat/completions",
        "/v1/%2e/chat/x/%2E%2e/completions",
        "/v1%2fchat%2Fcompletions",
        "/v1%2F%2e%2e%2Fv1/chat/completions",
        "/%2Fv1/chat/completions",
        "/v1/chat/completions;a=b",
        "/v1;x/chat;y=1;z/completions;",
        "/v1/x/..;p/chat/completions",
        "http://gate/v1/chat/completions",
        "HTTP://user@gate:80/v1/chat/completions",
        "https://[::1]:8080//v1/chat/completions/"
      })
  void spellsAPathOneWay(String sent) {
    assertThat(forwarded(sent)).isEqualTo("/v1/chat/completions");
    assertThat(forwarded(sent + "?a=%62;c/../d")).isEqualTo("/v1/chat/completions?a=%62;c/../d");
  }

  @ParameterizedTest
  @CsvSource({
    "/, /",
    "/.., /",
    "/%2563hat, /%2563hat",
    "/a%20b%3f%23, /a%20b%3F%23",
    "/%ff%c3%a4, /%FF%C3%A4",
    "/a%3Bb, /a%3Bb",
    "/a:b@c, /a:b@c",
    "/~%7e, /~~",
    "http://gate, /",
    "http://gate?q, /?q",
    "/a?, /a?"
  })
  void decodesOnceAndEncodesWhatAPathMayNotHold(String sent, String forwarded) {
    assertThat(forwarded(sent)).isEqualTo(forwarded);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "*",
        "v1/chat",
        "gate:80",
        "ftp://gate/v1",
        "http:///v1",
        "/a#b",
        "/a?b#c",
        "/%",
        "/%4",
        "/%zz",
        "/%-1",
        "/%00",
        "/%0d%0a",
        "/%7f",
        "/a b",
        "/a?b c",
        "/a\\b",
        "/a%5cb",
        "/\u0000",
        "/\u00e4",
        "/a?\u00e4"
      })
  void refusesWhatIsNoTarget(String sent) {
    assertThat(RequestTarget.of(sent)).isEmpty();
  }

  /** What is forwarded reads as the same path again, for a server that normalises too. */
  @Test
  void isAFixedPoint() {
    var seed = 7;
    var random = new Random(seed);
    var parts = "/ // . .. ; % %2f %2e %25 %41 a B ~ : @ %ff ? = & %3b".split(" ", -1);
    for (var round = 0; round < 50_000; round++) {
      var sent = new StringBuilder("/");
      for (var i = random.nextInt(12); i > 0; i--) {
        sent.append(parts[random.nextInt(parts.length)]);
      }
      RequestTarget.of(sent.toString())
          .ifPresent(target -> {
            assertThat(RequestTarget.of(target.forwarded())).as(sent + "").contains(target);
            assertThat(target.path()).doesNotContain("//", "/./", "/../", ";");
          });
    }
  }
}
