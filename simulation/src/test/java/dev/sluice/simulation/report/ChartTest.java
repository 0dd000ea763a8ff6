package dev.sluice.simulation.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class ChartTest {

  @ParameterizedTest
  @ValueSource(
      doubles = {1e-9, 0.03, 1, 4, 4.0001, 7, 99, 100, 101, 800, 59_999, 100_001, 3e6, 1e7, 1e12})
  void scalesReachTheHighestValueAndNotFarBeyond(double most) {
    for (var scale : List.of(Chart.Scale.of(most), Chart.Scale.ofMillis(Math.max(4, most)))) {
      assertThat(scale.top()).isGreaterThanOrEqualTo(Math.min(most, scale.top() * 1.00001));
      assertThat(scale.top()).isLessThanOrEqualTo(Math.max(4, most) * 3);
      assertThat(scale.ticks()).isBetween(1, 4);
    }
  }

  @ParameterizedTest
  @CsvSource({"60000, 20000", "240000, 60000", "7200000, 1800000", "0, 1"})
  void scalesOfTimeHaveRoundTimes(double most, double step) {
    assertThat(Chart.Scale.ofMillis(most).step()).isEqualTo(step);
  }

  @Test
  void countsHaveNoTicksBetweenThem() {
    assertThat(Chart.Scale.ofCount(0)).isEqualTo(new Chart.Scale(1, 4));
  }

  @Test
  void linesBreakWhereNothingWasMeasuredAndLoneValuesAreDots() {
    var values = List.of(1.0, 2.0, Double.NaN, 3.0, Double.NaN, 4.0, 5.0);

    var svg = chart(false, new Chart.Line("a", 2, false, values)).svg();

    assertThat(svg.split("class=\"line s2\" d=\"", -1)[1].split("\"", -1)[0])
        .containsPattern("^M\\S+ \\S+L\\S+ [0-9.]+M\\S+ \\S+L\\S+ [0-9.]+$");
    assertThat(svg).containsOnlyOnce("<circle");
    assertThat(svg).doesNotContain("NaN");
  }

  @Test
  void areasLieOnTopOfEachOther() {
    var below = new Chart.Line("below", 0, false, List.of(1.0));
    var above = new Chart.Line("above", 1, false, List.of(3.0));

    var svg = chart(true, below, above).svg();

    // The plot is 184 high and ends at 206; the scale is 0 to 4.
    assertThat(svg).contains("class=\"area s0\" d=\"M58.0 160.0L588.0 160.0L588.0 206.0");
    assertThat(svg).contains("class=\"area s1\" d=\"M58.0 22.0L588.0 22.0L588.0 160.0");
  }

  @Test
  void everyMomentTellsItsValues() {
    var svg = chart(false, new Chart.Line("a<b", 0, false, List.of(1.0, Double.NaN))).svg();

    assertThat(svg).contains("<title>0:05\na&lt;b: 1.0</title>").contains("<title>0:15</title>");
  }

  private static Chart chart(boolean stacked, Chart.Line... lines) {
    return new Chart(
        "title", "unit", 10, List.of(lines), stacked, new Chart.Scale(1, 4), String::valueOf);
  }
}
