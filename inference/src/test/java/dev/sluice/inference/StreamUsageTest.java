package dev.sluice.inference;

import static dev.sluice.inference.RequestScannerTest.join;
import static dev.sluice.inference.RequestScannerTest.utf8;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StreamUsageTest {
  private static final String HEAD =
      """
      : welcome

      data: {"choices":[{"delta":{"role":"assistant","content":""}}],"usage":null}

      data: {"choices":[{"delta":{"content":"Hel\\"usage\\":{lo"}}],"usage":null}

      id: 7
      data:{"choices":
      data: [{"delta":{"reasoning_content":"w\u00f6rld"}}]}

      :

      data: {"choices":[{"delta":{},"finish_reason":"stop"}]}

      """;
  private static final String USAGE_EVENT =
      """
      data: {"id":"x","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":2,\
      "total_tokens":13,"prompt_tokens_details":{"cached_tokens":8}}}

      """;
  private static final String TAIL = "data: [DONE]\n\n";
  private static final Usage USAGE = new Usage(11, 2, 13, 8);

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void readsTheSameWhereverAStreamIsCut(String lineEnd) {
    var stream = withLineEnds(HEAD + USAGE_EVENT + TAIL, lineEnd);

    for (int first = 0; first <= stream.length; first++) {
      int second = Math.min(stream.length, first + 1 + first % 5);
      var reader = new SseUsageReader();
      feed(reader, stream, 0, first);
      feed(reader, stream, first, second);
      feed(reader, stream, second, stream.length);

      assertThat(reader.usage()).as("cut at %d", first).contains(USAGE);
      assertThat(reader.contentEvents()).as("cut at %d", first).isEqualTo(2);
      assertThat(reader.dataEvents()).as("cut at %d", first).isEqualTo(5);
      assertThat(reader.done()).isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"\n", "\r\n", "\r"})
  void dropsExactlyTheUsageEventWhereverAStreamIsCut(String lineEnd) {
    var stream = withLineEnds(HEAD + USAGE_EVENT + TAIL, lineEnd);
    var expected = withLineEnds(HEAD + TAIL, lineEnd);

    for (int first = 0; first <= stream.length; first++) {
      for (int step : new int[] {0, 1, 2, 7}) {
        int second = Math.min(stream.length, first + step);
        var filter = new UsageEventFilter();
        var out = new ArrayList<ByteBuffer>();
        out.addAll(filter.feed(ByteBuffer.wrap(stream, 0, first)));
        out.addAll(filter.feed(ByteBuffer.wrap(stream, first, second - first)));
        out.addAll(filter.feed(ByteBuffer.wrap(stream, second, stream.length - second)));
        out.addAll(filter.end());

        assertThat(join(out)).as("cut at %d and %d", first, second).isEqualTo(expected);
        assertThat(filter.reader().usage()).contains(USAGE);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void randomPiecesOfRandomStreamsGiveWhatTheWholeGives(long seed) {
    var random = new Random(seed);
    for (int round = 0; round < 1000; round++) {
      var parts = randomStream(random);
      var stream = String.join("", parts).getBytes(java.nio.charset.StandardCharsets.UTF_8);
      var expected =
          utf8(
              String.join(
                  "", parts.stream().filter(part -> !part.contains("\"choices\":[],")).toList()));
      var whole = new UsageEventFilter();
      var wholeOut = new ArrayList<>(whole.feed(ByteBuffer.wrap(stream)));
      wholeOut.addAll(whole.end());

      var pieced = new UsageEventFilter();
      var piecedOut = new ArrayList<ByteBuffer>();
      for (int at = 0; at < stream.length; ) {
        int size = Math.min(stream.length - at, 1 + random.nextInt(60));
        var direct = ByteBuffer.allocateDirect(size).put(stream, at, size).flip();
        piecedOut.addAll(pieced.feed(direct));
        at += size;
      }
      piecedOut.addAll(pieced.end());

      assertThat(join(wholeOut)).as("seed %d round %d", seed, round).isEqualTo(expected);
      assertThat(join(piecedOut)).as("seed %d round %d", seed, round).isEqualTo(expected);
      assertThat(pieced.reader().usage()).isEqualTo(whole.reader().usage());
      assertThat(pieced.reader().contentEvents()).isEqualTo(whole.reader().contentEvents());
      assertThat(pieced.reader().dataEvents()).isEqualTo(whole.reader().dataEvents());
    }
  }

  /** The latter two reached clients that did not ask for a usage. */
  @ParameterizedTest
  @ValueSource(strings = {"\"choices\":[],", "\"choices\":null,", ""})
  void dropsAUsageEventWhateverItSaysOfChoices(String choices) {
    var usage =
        "data: {" + choices + "\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":2}}\n\n";
    var filter = new UsageEventFilter();

    var passed = join(filter.feed(ByteBuffer.wrap(utf8(HEAD + usage + TAIL))));

    assertThat(passed).isEqualTo(utf8(HEAD + TAIL));
    assertThat(filter.reader().usage()).contains(new Usage(11, 2, 13, 0));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"error\":{\"message\":\"broken\"}",
        "\"choices\":[{\"delta\":{\"content\":\"end\"}}]"
      })
  void passesAUsageThatComesWithSomethingElse(String more) {
    var event = utf8("data: {" + more + ",\"usage\":{\"prompt_tokens\":11}}\n\n");

    assertThat(join(new UsageEventFilter().feed(ByteBuffer.wrap(event)))).isEqualTo(event);
  }

  @Test
  void readsTheEventsOfAnthropicsApi() {
    var begin =
        """
        event: message_start
        data: {"type":"message_start","message":{"id":"m","content":[],"usage":{"input_tokens":25,\
        "cache_read_input_tokens":8,"cache_creation_input_tokens":2,"output_tokens":1}}}

        event: content_block_start
        data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

        event: ping
        data: {"type":"ping"}

        event: content_block_delta
        data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}

        event: content_block_delta
        data: {"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{"}}

        """;
    var end =
        """
        event: message_delta
        data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":15}}

        event: message_stop
        data: {"type":"message_stop"}

        """;
    var reader = new SseUsageReader();

    reader.feed(ByteBuffer.wrap(utf8(begin)));
    // A stream that breaks off here is charged for what came, not for the 1 of its beginning.
    assertThat(reader.usage()).isEmpty();
    assertThat(reader.contentEvents()).isEqualTo(2);
    reader.feed(ByteBuffer.wrap(utf8(end)));

    assertThat(reader.usage()).contains(new Usage(35, 15, 50, 8));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"type\":\"message\",\"usage\":{\"input_tokens\":1,\"cache_read_input_tokens\":2,"
            + "\"cache_creation_input_tokens\":1,\"output_tokens\":3}}",
        "{\"text\":\"ab\",\"meta_info\":{\"prompt_tokens\":4,\"completion_tokens\":3,\"cached_tokens\":1}}",
        "{\"generated_text\":\"a\",\"details\":{\"generated_tokens\":3,\"input_length\":4}}",
        "{\"content\":\"\",\"stop\":true,\"timings\":{\"prompt_n\":3,\"cache_n\":1,\"predicted_n\":3}}",
        "{\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3},\"timings\":{\"prompt_n\":9}}",
        "{\"timings\":{\"prompt_n\":9},\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":3}}"
      })
  void readsTheUsageOfOtherApis(String answer) {
    var reader = new SseUsageReader();
    reader.feed(ByteBuffer.wrap(utf8("data: " + answer + "\n\n")));

    for (var usage : List.of(reader.usage(), UsageReader.read(utf8(answer)))) {
      assertThat(usage.orElseThrow())
          .extracting(Usage::promptTokens, Usage::completionTokens)
          .containsExactly(4L, 3L);
    }
  }

  @Test
  void passesWholeEventsAtOnceWithoutCopying() {
    var filter = new UsageEventFilter();
    var event =
        ByteBuffer.wrap(utf8("data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\n\r\n"));

    var out = filter.feed(event);

    assertThat(out).hasSize(1);
    assertThat(out.getFirst().array()).isSameAs(event.array());
    assertThat(out.getFirst()).isEqualTo(event);
  }

  @Test
  void passesALateLineFeedAtOnce() {
    var filter = new UsageEventFilter();

    assertThat(join(filter.feed(ByteBuffer.wrap(utf8("data: a\r\n\r")))))
        .isEqualTo(utf8("data: a\r\n\r"));
    assertThat(join(filter.feed(ByteBuffer.wrap(utf8("\n"))))).isEqualTo(utf8("\n"));
  }

  @Test
  void passesALastEventThatWasNotFinished() {
    var filter = new UsageEventFilter();

    assertThat(filter.feed(ByteBuffer.wrap(utf8("data: {\"choi")))).isEmpty();
    assertThat(join(filter.end())).isEqualTo(utf8("data: {\"choi"));
  }

  @Test
  void holdsAndUnderstandsNoEventAboveItsBound() {
    var filter = new UsageEventFilter(1000);
    var large =
        "data: {\"choices\":[],\"x\":\"" + "y".repeat(5000) + "\",\"usage\":{\"prompt_tokens\":1}}";
    var stream = utf8(large + "\n\n" + USAGE_EVENT + TAIL);

    var out = new ArrayList<ByteBuffer>();
    int held = 0;
    int passed = 0;
    for (int i = 0; i < stream.length; i++) {
      var now = filter.feed(ByteBuffer.wrap(stream, i, 1));
      passed += join(now).length;
      held = i < large.length() ? Math.max(held, i + 1 - passed) : held;
      out.addAll(now);
    }

    assertThat(join(out)).isEqualTo(utf8(large + "\n\n" + TAIL));
    assertThat(held).isLessThanOrEqualTo(1000);
    assertThat(filter.reader().usage()).contains(USAGE);
  }

  @Test
  void passesAnEventOfManyLinesAboveItsBoundWhole() {
    var filter = new UsageEventFilter(1000);
    var large = (": " + "y".repeat(300) + "\n").repeat(5) + USAGE_EVENT;
    var stream = utf8(large + USAGE_EVENT + TAIL);

    var out = new ArrayList<ByteBuffer>();
    for (int i = 0; i < stream.length; i++) {
      out.addAll(filter.feed(ByteBuffer.wrap(stream, i, 1)));
    }

    assertThat(join(out)).isEqualTo(utf8(large + TAIL));
  }

  @Test
  void dropsAUsageEventThatEndsWithTheStream() {
    var filter = new UsageEventFilter();

    assertThat(filter.feed(ByteBuffer.wrap(utf8(USAGE_EVENT.strip())))).isEmpty();
    assertThat(filter.end()).isEmpty();
    assertThat(filter.reader().usage()).contains(USAGE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"choices\":[{\"delta\":{\"content\":\"x\"}}]}",
        "{\"choices\":[{\"delta\":{\"reasoning_content\":\"x\"}}]}",
        "{\"choices\":[{\"delta\":{\"reasoning\":\"x\"}}]}",
        "{\"choices\":[{\"text\" : \"x\"}]}",
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"function\":{\"arguments\":\"{\"}}]}}]}"
      })
  void countsEverythingThatIsGenerated(String event) {
    var reader = new SseUsageReader();

    reader.feed(ByteBuffer.wrap(utf8("data: " + event + "\n\n")));

    assertThat(reader.contentEvents()).isOne();
  }

  @Test
  void seesTheFirstTokenOnlyWithContent() {
    var reader = new SseUsageReader();

    reader.feed(
        ByteBuffer.wrap(
            utf8(": ping\n\ndata: {\"choices\":[{\"delta\":{\"content\":\"\"}}]}\n\n")));
    assertThat(reader.firstTokenSeen()).isFalse();

    reader.feed(ByteBuffer.wrap(utf8("data: {\"choices\" : [{\"text\" : \"x\"}]}\n\n")));
    assertThat(reader.firstTokenSeen()).isTrue();
  }

  @Test
  void readsTheEventsOfTheResponsesApi() {
    var reader = new SseUsageReader();

    reader.feed(
        ByteBuffer.wrap(
            utf8(
                """
                event: response.created
                data: {"type":"response.created","response":{"usage":null}}

                event: response.output_text.delta
                data: {"type":"response.output_text.delta","delta":"Hi"}

                event: response.output_text.done
                data: {"type":"response.output_text.done","text":"Hi"}

                event: response.completed
                data: {"type":"response.completed","response":{"output":[{"text":"Hi"}],\
                "usage":{"input_tokens":5,"input_tokens_details":{"cached_tokens":4},"output_tokens":6}}}

                """)));

    assertThat(reader.contentEvents()).isOne();
    assertThat(reader.usage()).contains(new Usage(5, 6, 11, 4));
  }

  @Test
  void countsALastEventWithoutItsEmptyLine() {
    var reader = new SseUsageReader();
    reader.feed(ByteBuffer.wrap(utf8(USAGE_EVENT.strip())));
    assertThat(reader.usage()).isEmpty();

    reader.end();

    assertThat(reader.usage()).contains(USAGE);
  }

  @Test
  void keepsTheLatestOfSeveralUsages() {
    var reader = new SseUsageReader();
    for (int i = 1; i <= 3; i++) {
      reader.feed(
          ByteBuffer.wrap(
              utf8(
                  "data: {\"choices\":[{\"text\":\"a\"}],\"usage\":{\"prompt_tokens\":4,\"completion_tokens\":"
                      + i
                      + "}}\n\n")));
    }

    assertThat(reader.usage()).contains(new Usage(4, 3, 7, 0));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2})
  void neverThrowsOnGarbage(long seed) {
    var random = new Random(seed);
    var alphabet =
        "data: event\r\n\"usage\":{}[],choices\\DONE"
            .getBytes(java.nio.charset.StandardCharsets.US_ASCII);
    for (int round = 0; round < 2000; round++) {
      var bytes = new byte[random.nextInt(400)];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] =
            random.nextInt(20) == 0
                ? (byte) random.nextInt(256)
                : alphabet[random.nextInt(alphabet.length)];
      }
      var filter = new UsageEventFilter(64);
      var out = new ArrayList<ByteBuffer>();
      int cut = random.nextInt(bytes.length + 1);
      out.addAll(filter.feed(ByteBuffer.wrap(bytes, 0, cut)));
      out.addAll(filter.feed(ByteBuffer.wrap(bytes, cut, bytes.length - cut)));
      out.addAll(filter.end());

      assertThat(join(out)).as("seed %d round %d", seed, round).isEqualTo(bytes);
      assertThat(UsageReader.read(bytes)).isEmpty();
    }
  }

  private static List<String> randomStream(Random random) {
    var parts = new ArrayList<String>();
    for (int events = random.nextInt(12); events >= 0; events--) {
      var end = List.of("\n", "\r\n", "\r").get(random.nextInt(3));
      var event =
          switch (random.nextInt(6)) {
            case 0 -> ": keep-alive\n\n";
            case 1 -> USAGE_EVENT.replace("11", Integer.toString(random.nextInt(999)));
            case 2 -> "data: [DONE]\n\n";
            case 3 -> "event: x\nid: 3\ndata: {\"delta\":\"\u4e2d\"}\n\n";
            case 4 ->
                "data: {\"choices\":\ndata: [{\"text\":\""
                    + "t".repeat(random.nextInt(90))
                    + "\"}]}\n\n";
            default -> "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}],\"usage\":null}\n\n";
          };
      parts.add(event.replace("\n", end));
    }
    return parts;
  }

  private static byte[] withLineEnds(String stream, String lineEnd) {
    return utf8(stream.replace("\n", lineEnd));
  }

  private static void feed(SseUsageReader reader, byte[] stream, int from, int to) {
    reader.feed(ByteBuffer.wrap(stream, from, to - from));
  }
}
