package dev.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.inference.ScanResult.Invalid;
import dev.sluice.inference.ScanResult.Ok;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

final class RequestScannerTest {
  private static final JsonMapper TREE = new JsonMapper();
  private static final List<ApiKind> KINDS = List.of(ApiKind.values());

  private final RequestScanner scanner = new RequestScanner();

  @Test
  void readsEveryFieldOfAChatRequest() {
    var request =
        ok(
            ApiKind.CHAT_COMPLETIONS,
            """
            {"model":"llama","messages":[{"role":"user","content":"hi"}],"stream":true,"n":3,
             "max_tokens":7,"max_completion_tokens":9,"stream_options":{"include_usage":true}}\
            """);

    assertThat(request.model()).isEqualTo("llama");
    assertThat(request.stream()).isTrue();
    assertThat(request.includeUsage()).isTrue();
    assertThat(request.choices()).isEqualTo(3);
    assertThat(request.maxOutputTokens()).isEqualTo(9);
    assertThat(request.promptBytes())
        .isEqualTo("[{\"role\":\"user\",\"content\":\"hi\"}]".length());
    assertThat(request.usageSplice().isNone()).isTrue();
  }

  /**
   * Compares skipped strings with those of Jackson's own parser, for bodies in one piece and in
   * several: a string may also end between two pieces.
   */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\\\"",
        "\\\\",
        "\\u00e9",
        "\\n",
        "\u00e9",
        "\u20ac",
        "\ud83d\ude00",
        "\u007f",
        "~",
        " ",
        "!",
        "#",
        "[",
        "]",
        "\n",
        "\u0000",
        "\u001f",
        "\\x",
        "\\u00g0",
        "\"x"
      })
  void skipsStringsAsAParserWouldThatReadsThem(String odd) {
    for (var before = 0; before < 20; before++) {
      for (var after = 0; after < 20; after++) {
        var prompt = "\"" + "a".repeat(before) + odd + "b".repeat(after) + "\"";
        var body = ("{\"model\":\"m\",\"prompt\":" + prompt + "}").getBytes(StandardCharsets.UTF_8);
        var direct = ByteBuffer.allocateDirect(body.length).put(body).flip();
        var cut = body.length - 10;
        for (var pieces :
            List.of(
                List.of(ByteBuffer.wrap(body)),
                List.of(direct),
                List.of(direct.slice(0, cut), direct.slice(cut, body.length - cut)))) {
          var scanned = scanner.scan(ApiKind.COMPLETIONS, pieces);
          if (isJson(body)) {
            assertThat(scanned).isInstanceOf(Ok.class);
            assertThat(((Ok) scanned).request().promptBytes())
                .isEqualTo(prompt.getBytes(StandardCharsets.UTF_8).length);
          } else {
            assertThat(scanned).isInstanceOf(Invalid.class);
          }
        }
      }
    }
  }

  private static boolean isJson(byte[] body) {
    try {
      return TREE.readTree(body).isObject();
    } catch (JacksonException e) {
      return false;
    }
  }

  @Test
  void nullCountsAsAbsent() {
    var request =
        ok(
            ApiKind.CHAT_COMPLETIONS,
            """
            {"model":"m","messages":[],"stream":null,"n":null,"max_tokens":null,"stream_options":null}\
            """);

    assertThat(request.stream()).isFalse();
    assertThat(request.choices()).isEqualTo(1);
    assertThat(request.hasMaxOutputTokens()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT_COMPLETIONS | {\"model\":7,\"messages\":[]} | model | invalid_type",
        "CHAT_COMPLETIONS | {\"model\":\"a\",\"messages\":[],\"model\":\"b\"} | model"
            + " | duplicate_parameter",
        "CHAT_COMPLETIONS | {\"model\":\"a\",\"mod\\u0065l\":\"b\"} | model | duplicate_parameter",
        "CHAT_COMPLETIONS | {\"stream_options\":{\"include_usage\":true,\"include_usage\":false}}"
            + " | stream_options.include_usage | duplicate_parameter",
        "CHAT_COMPLETIONS | [] | '' | invalid_type",
        "CHAT_COMPLETIONS | \"model\" | '' | invalid_type",
        "CHAT_COMPLETIONS | {\"model\":\"m\",\"messages\":[]}x | '' | invalid_json",
        "CHAT_COMPLETIONS | {\"model\":\"m\",\"messages\":[]}{} | '' | invalid_json",
        "CHAT_COMPLETIONS | {\"model\":\"m\",\"messages\":[ | '' | invalid_json",
        "CHAT_COMPLETIONS | {'model':1} | '' | invalid_json",
        "CHAT_COMPLETIONS | {\"temperature\":NaN} | '' | invalid_json",
      })
  void refusesWithTheFieldAndTheReason(ApiKind kind, String body, String param, String code) {
    var invalid = invalid(kind, utf8(body));

    assertThat(invalid.code()).isEqualTo(code);
    assertThat(invalid.param()).isEqualTo(param.equals("''") ? "" : param);
    assertThat(invalid.message()).isNotBlank();
  }

  /** Each line failed before: the gateway refused what servers take. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "CHAT_COMPLETIONS | {\"messages\":[]} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"model\":null,\"messages\":[]} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"model\":\"\",\"messages\":[]} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"model\":\"m\"} | m | 0 | 1",
        "CHAT_COMPLETIONS | {\"messages\":\"hi\"} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":0} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":-1} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":4096.0} | `` | 4096 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":\"7\"} | `` | 7 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":[7]} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":{\"a\":[]}} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":99999999999999999999} | `` | 2147483647 | 1",
        "CHAT_COMPLETIONS | {\"max_completion_tokens\":-9223372036854775809} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":1,\"max_tokens\":2} | `` | 2 | 1",
        "CHAT_COMPLETIONS | {\"max_tokens\":9,\"max_completion_tokens\":1} | `` | 9 | 1",
        "CHAT_COMPLETIONS | {\"n\":0} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"n\":4.0} | `` | 0 | 4",
        "CHAT_COMPLETIONS | {\"n\":1025} | `` | 0 | 1025",
        "CHAT_COMPLETIONS | {\"stream_options\":true} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"stream_options\":{\"include_usage\":1}} | `` | 0 | 1",
        "CHAT_COMPLETIONS | {\"stream\":{}} | `` | 0 | 1",
        "COMPLETIONS | {\"prompt\":7} | `` | 0 | 1",
        "COMPLETIONS | {\"prompt\":\"a\",\"best_of\":3} | `` | 0 | 3",
        "RESPONSES | {\"max_output_tokens\":-5} | `` | 0 | 1",
        "MESSAGES | {\"model\":\"m\",\"max_tokens\":8} | m | 8 | 1",
        "GENERATE | {\"inputs\":\"a\",\"parameters\":{\"max_new_tokens\":5,\"best_of\":2}} | `` | 5 | 2",
        "GENERATE | {\"text\":\"a\",\"sampling_params\":[{\"max_new_tokens\":5},{\"n\":3}]} | `` | 5 | 3",
        "LLAMA_COMPLETION | {\"prompt\":\"a\",\"n_predict\":-1} | `` | 0 | 1",
        "INVOCATIONS | {\"model\":\"m\",\"messages\":[],\"max_tokens\":3} | m | 3 | 1",
      })
  void takesWhatOnlyEstimatesNeedAsItComes(
      ApiKind kind, String body, String model, long maxTokens, int choices) {
    assertThat(ok(kind, body))
        .extracting(RequestScan::model, RequestScan::maxOutputTokens, RequestScan::choices)
        .containsExactly(model, maxTokens, choices);
  }

  @ParameterizedTest
  @CsvSource({"true, true", "1, true", "'\"true\"', true", "'\"false\"', false", "0, false"})
  void understandsWhatServersTakeForAWishToStream(String value, boolean stream) {
    var body = "{\"messages\":[],\"stream\":" + value + "}";

    assertThat(ok(ApiKind.CHAT_COMPLETIONS, body).stream()).isEqualTo(stream);
  }

  @Test
  void countsAPromptUnderAnyName() {
    var text = "\"" + "x".repeat(1_000) + "\"";

    for (var kind : KINDS) {
      for (var name : List.of("inputs", "text", "prompt", "query", "nobody_knows_this")) {
        assertThat(ok(kind, "{\"" + name + "\":" + text + "}").promptBytes())
            .as(kind + " " + name)
            .isGreaterThanOrEqualTo(1_000);
      }
    }
    assertThat(ok(ApiKind.RERANK, "{\"query\":\"q\",\"documents\":[\"a\",\"b\"]}"))
        .extracting(RequestScan::prompts, RequestScan::promptBytes)
        .containsExactly(2, 12L);
    assertThat(ok(ApiKind.GENERATE, "{\"text\":\"a\",\"image_data\":[\"AAAA\",\"BBBB\"]}"))
        .extracting(RequestScan::mediaParts, RequestScan::promptBytes)
        .containsExactly(2, 3L);
  }

  @Test
  void refusesAnEmptyBody() {
    assertThat(invalid(ApiKind.CHAT_COMPLETIONS, new byte[0]).code()).isEqualTo("invalid_json");
    assertThat(scanner.scan(ApiKind.COMPLETIONS, List.of())).isInstanceOf(Invalid.class);
  }

  @Test
  void saysWhereJsonIsMalformed() {
    var invalid = invalid(ApiKind.CHAT_COMPLETIONS, utf8("{\"model\":\"m\",\n  oops}"));

    assertThat(invalid.message()).contains("line 2, column ");
  }

  @Test
  void refusesOtherEncodingsThanPlainUtf8() {
    var json = "{\"model\":\"m\",\"messages\":[]}";

    for (var charset :
        List.of(
            StandardCharsets.UTF_16,
            StandardCharsets.UTF_16LE,
            StandardCharsets.UTF_16BE,
            StandardCharsets.UTF_32LE,
            StandardCharsets.UTF_32BE)) {
      assertThat(invalid(ApiKind.CHAT_COMPLETIONS, json.getBytes(charset)).code())
          .as(charset.name())
          .isEqualTo("invalid_encoding");
    }
    assertThat(invalid(ApiKind.CHAT_COMPLETIONS, utf8("\uFEFF" + json)).code())
        .isEqualTo("invalid_encoding");
  }

  @Test
  void refusesADepthBombAndTakesOrdinaryNesting() {
    var bomb = "{\"model\":\"m\",\"messages\":[],\"x\":" + "[".repeat(100_000);
    var deep = "{\"model\":\"m\",\"messages\":[],\"x\":" + "[".repeat(200) + "]".repeat(200) + "}";

    assertThat(invalid(ApiKind.CHAT_COMPLETIONS, utf8(bomb)).code()).isEqualTo("json_too_complex");
    assertThat(ok(ApiKind.CHAT_COMPLETIONS, deep).model()).isEqualTo("m");
  }

  @Test
  void refusesAModelNameOfAbsurdLengthWithoutKeepingIt() {
    var body = "{\"model\":\"" + "m".repeat(5_000_000) + "\",\"messages\":[]}";

    var invalid = invalid(ApiKind.CHAT_COMPLETIONS, utf8(body));

    assertThat(invalid.param()).isEqualTo("model");
    assertThat(invalid.message()).hasSizeLessThan(500);
  }

  @Test
  void refusesAModelNameOneCharacterTooLong() {
    var body = "{\"model\":\"%s\",\"messages\":[]}";

    assertThat(ok(ApiKind.CHAT_COMPLETIONS, body.formatted("m".repeat(1024))).model())
        .hasSize(1024);
    assertThat(invalid(ApiKind.CHAT_COMPLETIONS, utf8(body.formatted("m".repeat(1025)))).code())
        .isEqualTo("invalid_value");
  }

  @Test
  void countsToolsAndInstructionsAsPartOfThePrompt() {
    assertThat(
            ok(ApiKind.CHAT_COMPLETIONS, "{\"model\":\"m\",\"messages\":[],\"tools\":[{\"x\":1}]}"))
        .extracting(RequestScan::promptBytes)
        .isEqualTo((long) "[][{'x':1}]".length());
    assertThat(
            ok(
                ApiKind.RESPONSES,
                "{\"model\":\"m\",\"instructions\":\"be kind\",\"input\":\"hi\"}"))
        .extracting(RequestScan::promptBytes)
        .isEqualTo((long) "'be kind''hi'".length());
  }

  @Test
  void takesOneListOfMessagesForOnePromptOfText() {
    assertThat(
            ok(ApiKind.CHAT_COMPLETIONS, "{\"model\":\"m\",\"messages\":[{\"x\":17},{\"y\":4}]}"))
        .extracting(RequestScan::prompts, RequestScan::promptTokenIds, RequestScan::promptBytes)
        .containsExactly(1, 0L, 18L);
    assertThat(ok(ApiKind.RESPONSES, "{\"model\":\"m\",\"input\":[{\"a\":\"b\"},{\"c\":\"d\"}]}"))
        .extracting(RequestScan::prompts, RequestScan::promptBytes)
        .containsExactly(1, 21L);
  }

  @Test
  void takesAPromptThatIsGivenAsEmbeddings() {
    assertThat(ok(ApiKind.COMPLETIONS, "{\"model\":\"m\",\"prompt_embeds\":\"AAAA\"}"))
        .extracting(RequestScan::mediaParts)
        .isEqualTo(1);
  }

  @Test
  void knowsThatTheResponsesApiAlwaysTellsItsUsage() {
    var request =
        ok(
            ApiKind.RESPONSES,
            "{\"model\":\"m\",\"input\":\"x\",\"stream\":true,\"stream_options\":{\"include_usage\":true}}");

    assertThat(request.includeUsage()).isFalse();
    assertThat(request.usageSplice().isNone()).isTrue();
  }

  @Test
  void leavesAWishForUsageInEachEventAlone() {
    // With include_usage, continuous_usage_stats would take effect and change every event.
    assertThat(
            ok(
                    ApiKind.CHAT_COMPLETIONS,
                    "{\"model\":\"m\",\"messages\":[],\"stream_options\":{\"continuous_usage_stats\":true}}")
                .usageSplice()
                .isNone())
        .isTrue();
    assertThat(
            ok(
                    ApiKind.CHAT_COMPLETIONS,
                    "{\"model\":\"m\",\"messages\":[],\"stream_options\":"
                        + "{\"include_usage\":false,\"continuous_usage_stats\":true}}")
                .usageSplice()
                .isNone())
        .isTrue();
  }

  @Test
  void readsSegmentsByteByByteToo() {
    var bytes = new byte[] {0, 127, (byte) 200, (byte) 255};
    var segments = List.of(ByteBuffer.wrap(bytes, 0, 2), ByteBuffer.wrap(bytes, 2, 2));
    var stream = new SegmentInputStream(segments);

    assertThat(List.of(stream.read(), stream.read(), stream.read(), stream.read(), stream.read()))
        .containsExactly(0, 127, 200, 255, -1);
    assertThat(segments).allSatisfy(segment -> assertThat(segment.remaining()).isEqualTo(2));
  }

  @Test
  void takesAPromptOf40Megabytes() {
    int size = 40 << 20;
    var body = utf8("{\"prompt\":\"" + "a".repeat(size) + "\",\"model\":\"m\"}");

    var request = ((Ok) scanner.scan(ApiKind.COMPLETIONS, body)).request();

    assertThat(request.promptBytes()).isEqualTo(size + 2);
    assertThat(request.bodyBytes()).isEqualTo(body.length);
  }

  @Test
  void countsPromptsAndTokenIds() {
    assertThat(ok(ApiKind.COMPLETIONS, "{\"model\":\"m\",\"prompt\":\"a\"}").prompts()).isOne();
    assertThat(ok(ApiKind.COMPLETIONS, "{\"model\":\"m\",\"prompt\":[\"a\",\"b\"],\"n\":2}"))
        .extracting(RequestScan::prompts, RequestScan::sequences, RequestScan::promptTokenIds)
        .containsExactly(2, 4L, 0L);
    assertThat(ok(ApiKind.EMBEDDINGS, "{\"model\":\"m\",\"input\":[1,2,3]}"))
        .extracting(RequestScan::prompts, RequestScan::promptTokenIds, RequestScan::promptBytes)
        .containsExactly(1, 3L, 0L);
    assertThat(ok(ApiKind.EMBEDDINGS, "{\"model\":\"m\",\"input\":[[1,2],[3]]}"))
        .extracting(RequestScan::prompts, RequestScan::promptTokenIds)
        .containsExactly(2, 3L);
  }

  @Test
  void keepsMediaApartFromText() {
    var image = "data:image/png;base64," + "A".repeat(100_000);
    var body =
        """
        {"model":"m","messages":[{"role":"user","content":[{"type":"text","text":"what?"},
        {"type":"image_url","image_url":{"url":"%s"}}]}]}\
        """
            .formatted(image);

    var request = ok(ApiKind.CHAT_COMPLETIONS, body);

    assertThat(request.mediaParts()).isOne();
    assertThat(request.mediaBytes()).isEqualTo(image.length() + 2);
    assertThat(request.promptBytes()).isLessThan(200);
    assertThat(BySize.DEFAULT.inputTokens(request)).isBetween(1024L, 1100L);
  }

  @Test
  void ignoresFieldsThatTheKindDoesNotKnow() {
    var request =
        ok(
            ApiKind.EMBEDDINGS,
            "{\"model\":\"m\",\"input\":\"x\",\"max_tokens\":\"?\",\"max_tokens\":-1,\"stream\":true}");

    assertThat(request.hasMaxOutputTokens()).isFalse();
    assertThat(request.stream()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(ApiKind.class)
  void leavesSegmentsAsTheyWereAndReadsThemAsOne(ApiKind kind) {
    var body = utf8(sample(kind));
    var whole = scanner.scan(kind, body);
    assertThat(whole).isInstanceOf(Ok.class);

    for (int cut = 0; cut <= body.length; cut++) {
      var padded = new byte[body.length + 3];
      System.arraycopy(body, 0, padded, 3, body.length);
      var first = ByteBuffer.wrap(padded, 3, cut);
      var second = ByteBuffer.allocateDirect(body.length - cut).put(body, cut, body.length - cut);
      second.flip();

      assertThat(scanner.scan(kind, List.of(first, second))).isEqualTo(whole);
      assertThat(first.remaining() + second.remaining()).isEqualTo(body.length);
    }
    var offset = ByteBuffer.allocate(body.length + 9).position(9).put(body).position(9);
    assertThat(scanner.scan(kind, List.of(offset))).isEqualTo(whole);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"model\":\"m\",\"messages\":[]}",
        " \n{ \"model\":\"m\",\"messages\":[],\"stream_options\":null}",
        "{\"model\":\"m\",\"stream_options\":{},\"messages\":[]}",
        "{\"model\":\"m\",\"stream_options\": { \"x\":[1]},\"messages\":[]}",
        "{\"model\":\"m\",\"stream_options\":{\"x\":1,\"include_usage\": false },\"messages\":[]}",
        "{\"model\":\"m\",\"stream_options\":{\"include_usage\":null},\"messages\":[]}",
        "{\"model\":\"m\",\"stream_options\":{\"include_usage\":true},\"messages\":[]}",
        "{\"messages\":[{\"content\":\"\u00e4\u4e2d\"}],\"stream_options\":null,\"model\":\"m\"}",
      })
  void splicesTheWishForUsageIntoTheBody(String body) {
    var splice = ok(ApiKind.CHAT_COMPLETIONS, body).usageSplice();
    var bytes = utf8(body);

    for (int cut = 0; cut <= bytes.length; cut++) {
      var segments =
          List.of(ByteBuffer.wrap(bytes, 0, cut), ByteBuffer.wrap(bytes, cut, bytes.length - cut));
      var edited = join(splice.apply(segments));

      assertThat(edited).hasSize(bytes.length + splice.growth());
      var again = ((Ok) scanner.scan(ApiKind.CHAT_COMPLETIONS, edited)).request();
      assertThat(again.includeUsage()).isTrue();
      assertThat(again.usageSplice().isNone()).isTrue();
      assertThat(withoutUsageWish(TREE.readTree(edited)))
          .isEqualTo(withoutUsageWish(TREE.readTree(bytes)));
    }
  }

  @Test
  void splicesAtEitherEndOfABody() {
    var body = List.of(ByteBuffer.wrap(utf8("abc")), ByteBuffer.wrap(utf8("de")));

    assertThat(join(new BodySplice(0, 1, "xx").apply(body))).isEqualTo(utf8("xxbcde"));
    assertThat(join(new BodySplice(5, 0, "xx").apply(body))).isEqualTo(utf8("abcdexx"));
    assertThat(join(new BodySplice(2, 2, "-").apply(body))).isEqualTo(utf8("ab-e"));
  }

  @Test
  void refusesASpliceOutsideTheBody() {
    assertThatThrownBy(() -> new BodySplice(5, 1, "x").apply(List.of(ByteBuffer.wrap(new byte[5]))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("body of 5 bytes");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void neverThrowsAndNeverAcceptsWhatATreeParserRefuses(long seed) {
    var random = new Random(seed);
    int accepted = 0;
    int refused = 0;
    for (int round = 0; round < 20_000; round++) {
      var kind = KINDS.get(random.nextInt(KINDS.size()));
      var body = mutate(utf8(sample(kind)), random);

      var result = scanner.scan(kind, pieces(body, random));

      switch (result) {
        case Ok(var request) -> {
          accepted++;
          assertAgreesWithTree(request, body, seed);
        }
        case Invalid invalid -> {
          refused++;
          assertThat(invalid.code()).isNotBlank();
        }
      }
    }
    assertThat(accepted).as("seed %d", seed).isGreaterThan(1000);
    assertThat(refused).as("seed %d", seed).isGreaterThan(1000);
  }

  private static void assertAgreesWithTree(RequestScan request, byte[] body, long seed) {
    var tree = TREE.readTree(body);
    var as = "seed " + seed + ": " + new String(body, StandardCharsets.UTF_8);
    assertThat(request.model()).as(as).isEqualTo(tree.path("model").asString(""));
    if (request.kind().generates()) {
      assertThat(request.stream()).as(as).isEqualTo(tree.path("stream").asBoolean(false));
    }
    var limit =
        switch (request.kind()) {
          case CHAT_COMPLETIONS ->
              Math.max(limit(tree, "max_completion_tokens"), limit(tree, "max_tokens"));
          case COMPLETIONS, MESSAGES -> limit(tree, "max_tokens");
          case RESPONSES -> limit(tree, "max_output_tokens");
          default -> request.maxOutputTokens();
        };
    assertThat(request.maxOutputTokens()).as(as).isEqualTo(limit);
    if (request.kind().usageIsOptIn()) {
      assertThat(request.includeUsage())
          .as(as)
          .isEqualTo(tree.path("stream_options").path("include_usage").asBoolean(false));
      var edited = join(request.usageSplice().apply(List.of(ByteBuffer.wrap(body))));
      assertThat(TREE.readTree(edited).path("stream_options").path("include_usage").asBoolean())
          .as(as)
          .isTrue();
    }
  }

  private static long limit(JsonNode tree, String name) {
    return (long) Math.clamp(tree.path(name).asDouble(0), 0, Integer.MAX_VALUE);
  }

  private static byte[] mutate(byte[] body, Random random) {
    var bytes = body;
    for (int edits = random.nextInt(4); edits > 0; edits--) {
      int at = random.nextInt(bytes.length);
      int end = Math.min(bytes.length, at + random.nextInt(12));
      var out = new java.io.ByteArrayOutputStream();
      out.write(bytes, 0, at);
      switch (random.nextInt(5)) {
        case 0 -> out.write(random.nextInt(256));
        case 1 -> out.writeBytes(utf8("{}[]\",:0-9e\\ntl".charAt(random.nextInt(15)) + ""));
        case 2 -> out.write(bytes, at, end - at);
        case 3 -> at = end;
        default -> at = Math.min(bytes.length, at + 1);
      }
      out.write(bytes, at, bytes.length - at);
      bytes = out.size() == 0 ? body : out.toByteArray();
    }
    return bytes;
  }

  private static List<ByteBuffer> pieces(byte[] body, Random random) {
    var pieces = new ArrayList<ByteBuffer>();
    for (int at = 0; at < body.length; ) {
      int size = Math.min(body.length - at, 1 + random.nextInt(body.length));
      pieces.add(ByteBuffer.wrap(body, at, size));
      at += size;
    }
    return pieces;
  }

  private static String sample(ApiKind kind) {
    return switch (kind) {
      case CHAT_COMPLETIONS ->
          """
          {"model": "llama \\u00fc", "messages": [{"role":"user","content":"h\\"i \u4e2d"},{"role":"user",
          "content":[{"type":"image_url","image_url":{"url":"http://x/y.png"}}]}],"tools":[{"x":1}],
          "temperature":0.5e-1, "stream":true, "max_tokens": 12, "max_completion_tokens":34,
          "stream_options":{"x":1,"include_usage":false},"n":2}
          """;
      case COMPLETIONS ->
          "{\"prompt\": [\"once\", \"twice\"] ,\"max_tokens\":5,\"stream\":false,\"model\":\"m\"}";
      case EMBEDDINGS -> "{\"model\":\"e\",\"input\":[[1,2,3],[4]],\"dimensions\":7}";
      case MESSAGES, COUNT_TOKENS ->
          "{\"model\":\"m\",\"max_tokens\":8,\"system\":\"be kind\",\"messages\":[{\"role\":\"user\"}]}";
      case RERANK -> "{\"model\":\"m\",\"query\":\"q\",\"documents\":[\"a\",\"bc\"],\"top_n\":1}";
      case SCORE -> "{\"model\":\"m\",\"text_1\":\"a\",\"text_2\":[\"b\",\"c\"]}";
      case TOKENIZE -> "{\"model\":\"m\",\"prompt\":\"a\",\"add_special_tokens\":true}";
      case GENERATE ->
          "{\"text\":[\"a\",\"b\"],\"sampling_params\":{\"max_new_tokens\":7,\"n\":2},\"model\":\"m\"}";
      case LLAMA_COMPLETION -> "{\"prompt\":\"a\",\"n_predict\":7,\"model\":\"m\"}";
      case INVOCATIONS, TRANSCRIPTIONS, SPEECH -> "{\"input\":\"a\",\"model\":\"m\"}";
      case RESPONSES ->
          "{\"instructions\":\"be kind\",\"input\":\"hello\",\"max_output_tokens\":6,\"model\":\"m\"}";
    };
  }

  private static JsonNode withoutUsageWish(JsonNode tree) {
    var copy = (tools.jackson.databind.node.ObjectNode) tree.deepCopy();
    if (copy.path("stream_options") instanceof tools.jackson.databind.node.ObjectNode options) {
      options.remove("include_usage");
      if (options.isEmpty()) {
        copy.remove("stream_options");
      }
    } else {
      copy.remove("stream_options");
    }
    return copy;
  }

  private RequestScan ok(ApiKind kind, String body) {
    var result = scanner.scan(kind, utf8(body));
    assertThat(result).isInstanceOf(Ok.class);
    return ((Ok) result).request();
  }

  private Invalid invalid(ApiKind kind, byte[] body) {
    var result = scanner.scan(kind, body);
    assertThat(result).isInstanceOf(Invalid.class);
    return (Invalid) result;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static byte[] join(List<ByteBuffer> pieces) {
    var out = new java.io.ByteArrayOutputStream();
    for (var piece : pieces) {
      var bytes = new byte[piece.remaining()];
      piece.get(piece.position(), bytes);
      out.writeBytes(bytes);
    }
    return out.toByteArray();
  }
}
