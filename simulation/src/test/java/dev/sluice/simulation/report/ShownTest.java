package dev.sluice.simulation.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ShownTest {

  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "0.25, 0.3 ms",
    "9.96, 10 ms",
    "999.4, 999 ms",
    "999.6, 1.0 s",
    "99949, 99.9 s",
    "99960, 1.7 min",
    "NaN, –"
  })
  void timesHaveTheUnitThatFits(double millis, String shown) {
    assertThat(Shown.millis(millis)).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({
    "150, 100, +50.0 %",
    "50, 100, −50.0 %",
    "100, 100, =",
    "100.01, 100, ≈",
    "2000, 100, ×20",
    "3, 0, new",
    "NaN, 1, –",
    "0, 0, ="
  })
  void differencesAreRelativeToTheFirst(double value, double base, String shown) {
    assertThat(Shown.relative(value, base)).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({"0.55, 0.5, +5.0 pp", "0.5, 0.5, =", "0.2, 0.5, −30.0 pp", "0.5, NaN, –"})
  void differencesOfPartsAreInPoints(double value, double base, String shown) {
    assertThat(Shown.points(value, base)).isEqualTo(shown);
  }

  @ParameterizedTest
  @CsvSource({"0, 0:00", "61, 1:01", "3599.6, 1:00:00", "7325, 2:02:05"})
  void clocksGrowHoursWhenTheyNeedThem(double seconds, String shown) {
    assertThat(Shown.clock(seconds)).isEqualTo(shown);
  }

  @Test
  void causesAreInOneOrderWhateverTheMap() {
    assertThat(Shown.causes(Map.of("EXPIRED", 12_345L, "CAPACITY", 2L)))
        .isEqualTo("CAPACITY 2, EXPIRED 12,345");
  }
}
