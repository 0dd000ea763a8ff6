package dev.sluice.modelserver;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

final class JitterTest {
  private static long[] delays(long seed, long request, double spread) {
    var jitter = new Jitter(seed, request, spread);
    return LongStream.range(0, 10_000).map(i -> jitter.of(1_000_000)).toArray();
  }

  @Test
  void isTheSameForTheSameSeedAndRequest() {
    assertThat(delays(7, 3, 0.5)).isEqualTo(delays(7, 3, 0.5));
    assertThat(delays(7, 3, 0.5)).isNotEqualTo(delays(8, 3, 0.5)).isNotEqualTo(delays(7, 4, 0.5));
  }

  @Test
  void staysWithinItsSpreadAndKeepsTheMean() {
    var statistics = LongStream.of(delays(7, 3, 0.5)).summaryStatistics();

    assertThat(statistics.getMin()).isBetween(500_000L, 510_000L);
    assertThat(statistics.getMax()).isBetween(1_490_000L, 1_500_000L);
    assertThat(statistics.getAverage()).isBetween(980_000.0, 1_020_000.0);
  }

  @Test
  void changesNothingWithoutASpread() {
    assertThat(delays(7, 3, 0)).containsOnly(1_000_000);
  }
}
