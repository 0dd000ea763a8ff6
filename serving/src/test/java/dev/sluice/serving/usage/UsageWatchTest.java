package dev.sluice.serving.usage;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.types.Usage;
import java.nio.ByteBuffer;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The tokens that are counted in an answer, and the bytes that pass. */
final class UsageWatchTest {
  private static final String STREAM = "text/event-stream; charset=utf-8";
  private static final String CONTENT = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
  private static final String USAGE =
      "{\"prompt_tokens\":40,\"completion_tokens\":30,"
          + "\"prompt_tokens_details\":{\"cached_tokens\":8}}";
  private static final String USAGE_EVENT = "data: {\"choices\":[],\"usage\":" + USAGE + "}\n\n";
  private static final String DONE = "data: [DONE]\n\n";

  private static UsageWatch stream(boolean hidden) {
    return UsageWatch.of(200, STREAM, null, hidden);
  }

  /** Feeds {@code answer} in pieces of a size and returns the bytes that pass. */
  private static String feed(UsageWatch watch, String answer, int pieceBytes) {
    var passed = new StringBuilder();
    for (var at = 0; at < answer.length(); at += pieceBytes) {
      var piece = answer.substring(at, Math.min(answer.length(), at + pieceBytes));
      append(passed, watch.feed(ByteBuffer.wrap(piece.getBytes(UTF_8))));
    }
    append(passed, watch.heldBack());
    return passed.toString();
  }

  private static void append(StringBuilder to, List<ByteBuffer> pieces) {
    for (var piece : pieces) {
      to.append(UTF_8.decode(piece.duplicate()));
    }
  }

  @ParameterizedTest
  @CsvSource(
      nullValues = "none",
      textBlock =
          """
          200, application/json,         none,     40
          200, Application/JSON,         none,     40
          200, text/plain,               none,     -1
          200, none,                     none,     -1
          204, none,                     none,     -1
          400, application/json,         none,     0
          429, application/json,         none,     0
          503, none,                     none,     0
          500, application/json,         none,     -1
          504, none,                     none,     -1
          """)
  void readsTheUsageOfASuccessfulJsonAnswer(
      int status, @Nullable String type, @Nullable String encoding, long input) {
    var watch = UsageWatch.of(status, type, encoding, false);

    feed(watch, "{\"usage\":" + USAGE + "}", 5);

    assertThat(watch.reported().map(Usage::inputTokens).orElse(-1L)).isEqualTo(input);
  }

  @Test
  void knowsNothingIfJsonSaysNothingOfUsage() {
    var watch = UsageWatch.of(200, "application/json", null, false);

    feed(watch, "{}", 1);

    assertThat(watch.reported()).isEmpty();
    assertThat(watch.seen()).isEqualTo(Usage.NONE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1_000})
  void passesAStreamUnchangedIfTheClientAskedForUsage(int pieceBytes) {
    var watch = stream(false);
    var answer = CONTENT + USAGE_EVENT + DONE;

    assertThat(feed(watch, answer, pieceBytes)).isEqualTo(answer);
    assertThat(watch.reported()).contains(new Usage(40, 8, 30));
    assertThat(watch.shortens()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 1_000})
  void takesOutTheUsageEventIfTheClientDidNotAsk(int pieceBytes) {
    var watch = stream(true);

    assertThat(feed(watch, CONTENT + USAGE_EVENT + DONE, pieceBytes)).isEqualTo(CONTENT + DONE);
    assertThat(watch.reported()).contains(new Usage(40, 8, 30));
    assertThat(watch.shortens()).isTrue();
  }

  @Test
  void givesBackTheBeginningOfAnEventWhenTheStreamEnds() {
    assertThat(feed(stream(true), CONTENT + "data: {\"choi", 10))
        .isEqualTo(CONTENT + "data: {\"choi");
  }

  @ParameterizedTest
  @CsvSource({"identity, true", "IDENTITY, true", "gzip, false"})
  void hidesNothingInACompressedStream(String encoding, boolean shortens) {
    assertThat(UsageWatch.of(200, STREAM, encoding, true).shortens()).isEqualTo(shortens);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void countsAnEventWithContentAsATokenUntilTheUsageArrives(boolean hidden) {
    var watch = stream(hidden);

    feed(watch, CONTENT + CONTENT + CONTENT, 1_000);

    assertThat(watch.reported()).isEmpty();
    assertThat(watch.seen()).isEqualTo(Usage.of(0, 3));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void advancesOncePerStep(boolean hidden) {
    var watch = stream(hidden);

    feed(watch, CONTENT, 1_000);
    assertThat(watch.advanced(2)).isFalse();
    feed(watch, CONTENT, 1_000);

    assertThat(watch.advanced(2)).isTrue();
    assertThat(watch.advanced(2)).isFalse();
  }

  @Test
  void countsNothingInAnAnswerThatIsNotWatched() {
    var watch = UsageWatch.none();

    assertThat(feed(watch, CONTENT + USAGE_EVENT, 7)).isEqualTo(CONTENT + USAGE_EVENT);
    assertThat(watch.reported()).isEmpty();
  }
}
