package dev.sluice.simulation.workload;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.simulation.workload.TokenLengths.Constant;
import dev.sluice.simulation.workload.TokenLengths.LogNormal;
import dev.sluice.simulation.workload.TokenLengths.Pareto;
import dev.sluice.simulation.workload.TokenLengths.Uniform;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class TokenLengthsTest {

  @Test
  void constantIsAlwaysTheSame() {
    assertThat(samples(new Constant(7))).containsOnly(7);
  }

  @Test
  void uniformReachesBothEndsAndNothingBeyond() {
    assertThat(samples(new Uniform(3, 6))).containsOnly(3, 4, 5, 6);
  }

  @Test
  void logNormalHasItsMedianAndIsCut() {
    var samples = samples(new LogNormal(200, 1, 1_000));

    assertThat(quantile(samples, 0.5)).isCloseTo(200, within(10.0));
    assertThat(quantile(samples, 0.84)).isCloseTo(200 * Math.E, within(30.0));
    assertThat(samples[samples.length - 1]).isEqualTo(1_000);
  }

  @Test
  void paretoHasItsTailAndIsCut() {
    var samples = samples(new Pareto(100, 1.5, 50_000));

    assertThat(samples[0]).isGreaterThanOrEqualTo(100);
    assertThat(samples[samples.length - 1]).isLessThanOrEqualTo(50_000);
    // P(length > x) = (100 / x)^1.5: a tenth lies above 100 * 10^(2/3)
    assertThat(quantile(samples, 0.9)).isCloseTo(464, within(25.0));
  }

  @Test
  void refusesWhatIsNoDistribution() {
    assertThatThrownBy(() -> new Uniform(10, 5)).hasMessage("max: got 5, allowed 10 to 1000000");
    assertThatThrownBy(() -> new Pareto(10, 0, 50)).hasMessage("alpha: got 0, allowed 0.1 to 100");
    assertThatThrownBy(() -> new LogNormal(10, Double.NaN, 50)).hasMessageStartingWith("sigma: ");
  }

  /** Sorted. */
  private static long[] samples(TokenLengths lengths) {
    var random = new SplittableRandom(11);
    return LongStream.generate(() -> lengths.sample(random)).limit(20_000).sorted().toArray();
  }

  private static double quantile(long[] sorted, double q) {
    return sorted[(int) (q * sorted.length)];
  }
}
