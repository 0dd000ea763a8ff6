package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

final class DepartureRateTest {
  private static final long SECOND = 1_000_000_000L;

  private final DepartureRate rate = new DepartureRate();
  private long now = -5 * SECOND;

  @Test
  void saysASecondWhileNothingIsKnown() {
    assertThat(rate.isKnown()).isFalse();
    assertThat(rate.timeToClear(1_000)).isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void multipliesTheMeanGapByTheBacklog() {
    rate.backlogBegan(now);
    dispatchAfter(2 * SECOND);

    assertThat(rate.isKnown()).isTrue();
    assertThat(rate.timeToClear(7)).isEqualTo(Duration.ofSeconds(14));
  }

  @Test
  void countsTheNewestGapByAFifth() {
    rate.backlogBegan(now);
    dispatchAfter(2 * SECOND);
    dispatchAfter(7 * SECOND);

    assertThat(rate.timeToClear(10)).isEqualTo(Duration.ofSeconds(30));
  }

  @Test
  void leavesOutTheTimeWithoutBacklog() {
    rate.backlogBegan(now);
    dispatchAfter(2 * SECOND);
    now += 1_000 * SECOND;
    rate.backlogBegan(now);
    dispatchAfter(2 * SECOND);

    assertThat(rate.timeToClear(5)).isEqualTo(Duration.ofSeconds(10));
  }

  @Test
  void staysBetweenASecondAndFiveMinutes() {
    rate.backlogBegan(now);
    dispatchAfter(SECOND / 10);

    assertThat(rate.timeToClear(3)).isEqualTo(Duration.ofSeconds(1));
    assertThat(rate.timeToClear(11)).isEqualTo(Duration.ofMillis(1_100));
    assertThat(rate.timeToClear(1_000_000)).isEqualTo(Duration.ofMinutes(5));
  }

  private void dispatchAfter(long nanos) {
    now += nanos;
    rate.dispatched(now);
  }
}
