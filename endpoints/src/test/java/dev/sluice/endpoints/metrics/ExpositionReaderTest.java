package dev.sluice.endpoints.metrics;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ExpositionReaderTest {
  private static final Set<String> WANTED = Set.of("m", "a:b", "hits_total", "dotted.name");

  private int brokenLines;

  private List<Sample> read(String page) {
    var samples = new ArrayList<Sample>();
    var bytes = page.getBytes(UTF_8);
    brokenLines = new ExpositionReader(WANTED).read(bytes, bytes.length, samples::add);
    return samples;
  }

  private static Sample sample(double value) {
    return new Sample("m", Map.of(), value);
  }

  @Test
  void readsASampleWithoutLabels() {
    assertThat(read("m 1.5\n")).containsExactly(sample(1.5));
  }

  @Test
  void readsOnlyTheWantedNames() {
    assertThat(read("mm 1\nm 2\nm_x 3\na:b 4\nother{x=\"}\"} 5\n"))
        .containsExactly(sample(2), new Sample("a:b", Map.of(), 4));
  }

  @Test
  void skipsCommentsHelpAndType() {
    assertThat(read("# HELP m What \\\\ it is\n# TYPE m gauge\n#m 3\n # note\n\nm 1\n# EOF\n"))
        .containsExactly(sample(1));
    assertThat(brokenLines).isZero();
  }

  @Test
  void unescapesLabelValues() {
    assertThat(read("m{path=\"C:\\\\x\",said=\"\\\"hi\\\"\",lines=\"a\\nb\",odd=\"\\d\"} 1\n"))
        .containsExactly(
            new Sample(
                "m", Map.of("path", "C:\\x", "said", "\"hi\"", "lines", "a\nb", "odd", "\\d"), 1));
  }

  @Test
  void readsBracesCommasAndUnicodeInLabelValues() {
    assertThat(read("m{a=\"}{,=#\",b=\"žluťoučký 模型\"} 1\n"))
        .containsExactly(new Sample("m", Map.of("a", "}{,=#", "b", "žluťoučký 模型"), 1));
  }

  @Test
  void allowsBlanksBetweenTokensAndATrailingComma() {
    assertThat(read(" \tm \t{ a = \"1\" ,\tb=\"2\" , } \t 7 \t\nm{} 8\nm{}9\n"))
        .containsExactly(new Sample("m", Map.of("a", "1", "b", "2"), 7), sample(8), sample(9));
    assertThat(brokenLines).isZero();
  }

  @Test
  void dropsTimestampsAndExemplars() {
    assertThat(
            read(
                """
                m 1 1700000000123
                m 2 -5
                m 3 1700000000.123
                hits_total{a="b"} 4 # {trace_id="x y"} 0.67
                hits_total 5 12.5 # {trace_id="#"} 0.67 1520879607.789
                hits_total 6 # {} 1
                """))
        .extracting(Sample::value)
        .containsExactly(1.0, 2.0, 3.0, 4.0, 5.0, 6.0);
    assertThat(brokenLines).isZero();
  }

  @Test
  void readsQuotedNames() {
    assertThat(
            read(
                "{\"dotted.name\",a=\"1\"} 2\n{\"m\"} 3\n{\"other\"} x\n{\"m\",\"l.n\"=\"v\"} 4\n"))
        .containsExactly(
            new Sample("dotted.name", Map.of("a", "1"), 2),
            sample(3),
            new Sample("m", Map.of("l.n", "v"), 4));
    assertThat(brokenLines).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "NaN, NaN",
    "nan, NaN",
    "+Inf, Infinity",
    "Inf, Infinity",
    "-Inf, -Infinity",
    "+infinity, Infinity",
    "0, 0",
    "-0, -0.0",
    "1e3, 1000",
    "1.5E-3, 0.0015",
    "+7, 7",
    ".5, 0.5",
    "5., 5",
    "0.1, 0.1",
    "123456789012345, 123456789012345",
    "1234567890123456789, 1234567890123456789",
    "0.30000000000000004, 0.30000000000000004",
    "1.7976931348623157e308, 1.7976931348623157e308",
    "5e-324, 5e-324"
  })
  void readsNumbers(String text, double value) {
    assertThat(read("m " + text)).containsExactly(sample(value));
  }

  @Test
  void readsCrlfAndALastLineWithoutAnEnd() {
    assertThat(read("# x\r\nm 1\r\n\r\nm{a=\"b\"} 2\r\nm 3"))
        .containsExactly(sample(1), new Sample("m", Map.of("a", "b"), 2), sample(3));
    assertThat(brokenLines).isZero();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "m",
        "m ",
        "m x",
        "m 0x1p3",
        "m 1d",
        "m 1_000",
        "m 1-2",
        "m 1 2 3",
        "m 1 x",
        "m{",
        "m{a} 1",
        "m{a=} 1",
        "m{a=b} 1",
        "m{a=\"b} 1",
        "m{a=\"b\\\"} 1",
        "m{a=\"b\"",
        "m{a=\"b\"c=\"d\"} 1",
        "m{a=\"b\",a=\"c\"} 1",
        "m{1a=\"b\"} 1",
        "m{,} 1",
        "m{a:b=\"c\"} 1",
        "m 1 # x",
        "m 1 # {a=\"b\"}",
        "m 1 # {a=\"b\"} x",
        "m-x 1",
        "1m 1",
        "é 1",
        "= 1",
        "{m} 1",
        "{\"m\" 1",
        "{\"\"} 1",
        "{} 1"
      })
  void countsABrokenLineAndReadsTheNext(String line) {
    assertThat(read("m 1\n" + line + "\nm 2\n")).containsExactly(sample(1), sample(2));
    assertThat(brokenLines).isEqualTo(1);
  }

  @Test
  void readsNothingFromAnEmptyPage() {
    assertThat(read("")).isEmpty();
    assertThat(brokenLines).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void agreesWithANaiveReaderOnBrokenPagesAndNeverThrows(long seed) {
    var random = new SplittableRandom(seed);
    var pieces =
        List.of(
            "m",
            "a:b",
            "hits_total",
            "other",
            "{",
            "}",
            "\"",
            "\\",
            "\\n",
            "\\\"",
            "=",
            ",",
            " ",
            "\t",
            "\n",
            "\r",
            "\r\n",
            "#",
            "1",
            "2.5",
            "NaN",
            "+Inf",
            "-",
            "e",
            "a=\"b\"",
            "{a=\"b\"}",
            "{a=\"b\",c=\"d\"} ",
            " 1\n",
            "m 1\n",
            "m{x=\"y\"} 3 4\n",
            "{\"m\"",
            "# {t=\"1\"} 2",
            "é",
            "\0",
            "dotted.name",
            "{\"dotted.name\"} ");
    var reader = new ExpositionReader(WANTED);
    for (var round = 0; round < 30_000; round++) {
      var text = new StringBuilder();
      for (var left = random.nextInt(1, 24); left > 0; left--) {
        text.append(pieces.get(random.nextInt(pieces.size())));
      }
      var page = text.toString().getBytes(UTF_8);
      if (random.nextInt(4) == 0) {
        page[random.nextInt(page.length)] = (byte) random.nextInt(256);
      }
      var samples = new ArrayList<Sample>();
      var broken = reader.read(page, page.length, samples::add);
      var naive = new NaiveExposition(page, WANTED);
      var told = "seed " + seed + " round " + round + ": " + new String(page, ISO_8859_1);
      assertThat(samples).as(told).isEqualTo(naive.samples);
      assertThat(broken).as(told).isEqualTo(naive.brokenLines);
    }
  }
}
