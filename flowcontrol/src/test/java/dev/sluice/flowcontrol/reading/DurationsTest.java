package dev.sluice.flowcontrol.reading;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DurationsTest {

  @ParameterizedTest
  @CsvSource({
    "0, PT0S",
    "0s, PT0S",
    "7ns, PT0.000000007S",
    "7us, PT0.000007S",
    "7ms, PT0.007S",
    "7s, PT7S",
    "7m, PT7M",
    "7h, PT7H",
    "7d, PT168H",
    "1.5s, PT1.5S",
    "0.25h, PT15M",
    "1h30m, PT1H30M",
    "1m0.5s, PT1M0.5S"
  })
  void readsTheSumOfTheParts(String text, Duration expected) {
    assertThat(Durations.parse(text)).contains(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "7", "s", "-1s", "1s ", " 1s", "1 s", "1x", "1.s", ".5s", "1sx", "1e3s"})
  void refusesAnythingElse(String text) {
    assertThat(Durations.parse(text)).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(strings = {"999999999999999999d", "999999999999999999d1ns"})
  void readsTheLongestAsVeryLong(String text) {
    assertThat(Durations.parse(text).orElseThrow()).isGreaterThan(Duration.ofDays(1_000_000_000));
  }
}
