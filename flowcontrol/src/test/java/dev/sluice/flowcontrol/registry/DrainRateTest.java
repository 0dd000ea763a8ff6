package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class DrainRateTest {
  private static final long SECOND = 1_000_000_000L;

  private final DrainRate rate = new DrainRate();
  private long now = -5 * SECOND;

  @Test
  void saysASecondWhileNothingIsKnown() {
    assertThat(rate.isKnown()).isFalse();
    assertThat(rate.timeToDrain(1_000)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void multipliesTheMeanGapByTheBacklog() {
    rate.backlogBegan(now);
    dispatchAfter(2 * SECOND);

    assertThat(rate.isKnown()).isTrue();
    assertThat(rate.timeToDrain(7)).isEqualTo(Duration.ofSeconds(14));
  }

  @Test
  void countsTheNewestGapByAFifth() {
    rate.backlogBegan(now);
    dispatchAfter(2 * SECOND);
    dispatchAfter(7 * SECOND);

    assertThat(rate.timeToDrain(10)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void leavesOutTheTimeWithoutBacklog() {
    rate.backlogBegan(now);
    dispatchAfter(2 * SECOND);
    now += 1_000 * SECOND;
    rate.backlogBegan(now);
    dispatchAfter(2 * SECOND);

    assertThat(rate.timeToDrain(5)).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void staysBetweenASecondAndFiveMinutes() {
    rate.backlogBegan(now);
    dispatchAfter(SECOND / 10);

    assertThat(rate.timeToDrain(3)).isEqualTo(Duration.ofSeconds(1));
    assertThat(rate.timeToDrain(11)).isEqualTo(Duration.ofMillis(1_100));
    assertThat(rate.timeToDrain(1_000_000)).isEqualTo(Duration.ofMinutes(5));
  }

  private void dispatchAfter(long nanos) {
    now += nanos;
    rate.dispatched(now);
  }
}
