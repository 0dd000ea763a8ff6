package dev.sluice.flowcontrol.reading;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SpellingTest {
  private static final List<String> KNOWN = List.of("host", "port", "eventLoops", "round-robin");

  @ParameterizedTest
  @CsvSource({
    "prot, port",
    "PORT, port",
    "eventloop, eventLoops",
    "roundrobin, round-robin",
    "hosts, host"
  })
  void findsTheNearestName(String given, String nearest) {
    assertThat(Spelling.nearest(given, KNOWN)).contains(nearest);
  }

  @Test
  void findsNothingFarAway() {
    assertThat(Spelling.nearest("objectives", KNOWN)).isEmpty();
  }

  @Test
  void takesTheFirstOfTwoAtTheSameDistance() {
    assertThat(Spelling.nearest("xost", List.of("most", "host"))).contains("most");
  }

  @ParameterizedTest
  @CsvSource({"kitten, sitting, 3", "'', abc, 3", "abc, '', 3", "flaw, lawn, 2", "same, same, 0"})
  void countsInsertionsDeletionsAndReplacements(String a, String b, int distance) {
    assertThat(Spelling.distance(a, b)).isEqualTo(distance);
  }

  @Test
  void suggestsALongerNameBeforeANearOne() {
    assertThat(Spelling.hint("conc", List.of("cone", "concurrency-detector")))
        .isEqualTo("; did you mean concurrency-detector?; known: concurrency-detector, cone");
  }

  @Test
  void listsTheAllowedKeysWithTheQuestion() {
    assertThat(Spelling.unknownKey("prot", List.of("host", "port")))
        .isEqualTo("unknown key; did you mean port? allowed: host, port");
  }
}
