package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.simulation.workload.ArrivalProcess.Gamma;
import dev.sluice.simulation.workload.ArrivalProcess.OnOff;
import dev.sluice.simulation.workload.ArrivalProcess.Poisson;
import dev.sluice.simulation.workload.ArrivalProcess.Regular;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

final class ArrivalProcessTest {
  private static final int COUNT = 20_000;
  private static final double SECOND = 1e9;

  static Stream<ArrivalProcess> processes() {
    return Stream.of(
        new Poisson(5),
        new Gamma(5, 3),
        new Gamma(5, 0.3),
        new Regular(5),
        new OnOff(20, 2_000_000_000L, 6_000_000_000L));
  }

  @ParameterizedTest
  @MethodSource("processes")
  void arrivesAtItsMeanRateInTheLongRun(ArrivalProcess process) {
    var times = times(process, 1);

    var rate = COUNT / (times[COUNT - 1] / SECOND);

    assertThat(process.meanRate()).isEqualTo(5);
    assertThat(rate).as("seed 1").isCloseTo(5, within(0.25));
  }

  @ParameterizedTest
  @MethodSource("processes")
  void neverGoesBackInTime(ArrivalProcess process) {
    assertThat(times(process, 2)).isSorted();
  }

  @ParameterizedTest
  @CsvSource({"0.3", "1", "3"})
  void gammaHasTheGivenCoefficientOfVariation(double cv) {
    var times = times(new Gamma(5, cv), 3);
    var gaps = new double[COUNT - 1];
    Arrays.setAll(gaps, i -> (times[i + 1] - times[i]) / SECOND);

    var mean = Arrays.stream(gaps).average().orElseThrow();
    var variance = Arrays.stream(gaps).map(g -> (g - mean) * (g - mean)).average().orElseThrow();

    assertThat(Math.sqrt(variance) / mean).as("seed 3").isCloseTo(cv, within(0.05 * cv));
  }

  @Test
  void onOffIsSilentWhileOff() {
    var times = times(new OnOff(20, 2_000_000_000L, 6_000_000_000L), 4);

    assertThat(Arrays.stream(times).map(at -> at % 8_000_000_000L))
        .allMatch(inCycle -> inCycle < 2_000_000_000L);
  }

  @Test
  void refusesARateThatIsNone() {
    assertThatThrownBy(() -> new Poisson(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rate: got NaN, allowed > 0");
  }

  private static long[] times(ArrivalProcess process, long seed) {
    var random = new SplittableRandom(seed);
    var times = new long[COUNT];
    var at = 0L;
    for (var i = 0; i < COUNT; i++) {
      at = process.after(at, random);
      times[i] = at;
    }
    return times;
  }
}
