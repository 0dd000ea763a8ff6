package dev.sluice.flowcontrol.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.assertj.core.data.Percentage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DepartureRateTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Percentage CLOSE = Percentage.withPercentage(1);

  private final DepartureRate rate = new DepartureRate();
  private long now = -5 * SECOND;

  @Test
  void isTheTimeSoFarWhileNothingHasDeparted() {
    rate.backlogBegan(now);
    assertThat(rate.isKnown()).isFalse();
    assertThat(rate.meanGapNanos()).isZero();

    rate.advanceTo(now + 3 * SECOND);

    assertThat(rate.isKnown()).isFalse();
    assertThat(rate.meanGapNanos()).isCloseTo(3.0 * SECOND, CLOSE);
  }

  @Test
  void isKnownFromTheFirstDeparture() {
    rate.backlogBegan(now);
    departAfter(2 * SECOND, 1);

    assertThat(rate.isKnown()).isTrue();
    assertThat(rate.meanGapNanos()).isCloseTo(2.0 * SECOND, CLOSE);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 8, 16, 32})
  void countsDeparturesThatHappenTogetherOverManyBursts(int together) {
    rate.backlogBegan(now);
    for (var departed = 0; departed < 640; departed += together) {
      departAfter(together * SECOND, together);
    }

    var afterBurst = rate.meanGapNanos();
    rate.advanceTo(now + together * SECOND);

    assertThat(afterBurst).isBetween(SECOND / 1.3, SECOND * 1.3);
    assertThat(rate.meanGapNanos()).isBetween(SECOND / 1.3, SECOND * 1.3);
  }

  @Test
  void includesTheOpenGap() {
    rate.backlogBegan(now);
    for (var i = 0; i < 100; i++) {
      departAfter(SECOND, 1);
    }

    rate.advanceTo(now + 30 * SECOND);
    var after30 = rate.meanGapNanos();
    rate.advanceTo(now + 600 * SECOND);

    assertThat(after30).isBetween(1.4 * SECOND, 3.0 * SECOND);
    assertThat(rate.meanGapNanos()).isGreaterThan(8.0 * SECOND);
  }

  @Test
  void knowsASteadyPoolByItsLastSeconds() {
    rate.backlogBegan(now);
    for (var i = 0; i < 100; i++) {
      departAfter(10 * SECOND, 1);
    }
    for (var i = 0; i < 25; i++) {
      departAfter(SECOND, 1);
    }

    assertThat(rate.meanGapNanos()).isBetween(SECOND / 1.5, SECOND * 1.5);
  }

  @Test
  void leavesOutTheTimeWithoutBacklog() {
    rate.backlogBegan(now);
    departAfter(2 * SECOND, 1);
    now += 1_000 * SECOND;
    rate.backlogBegan(now);
    departAfter(2 * SECOND, 1);

    assertThat(rate.meanGapNanos()).isCloseTo(2.0 * SECOND, within(0.2 * SECOND));
  }

  @Test
  void isConfidentOnlyAfterManyDeparturesInManyMoments() {
    rate.backlogBegan(now);
    departAfter(SECOND, 100);
    assertThat(rate.leastGapNanos()).as("in one moment").isZero();

    for (var i = 0; i < 10; i++) {
      departAfter(SECOND, 1);
    }

    assertThat(rate.leastGapNanos()).isPositive();
  }

  @Test
  void isConfidentOfTheHighestRateOfAllWindows() {
    rate.backlogBegan(now);
    for (var i = 0; i < 300; i++) {
      departAfter(SECOND, 1);
    }
    rate.advanceTo(now + 20 * SECOND);
    assertThat(rate.leastGapNanos()).as("slower").isBetween(0.95 * SECOND, 1.15 * SECOND);

    now += 20 * SECOND;
    for (var i = 0; i < 200; i++) {
      departAfter(SECOND / 10, 1);
    }
    assertThat(rate.leastGapNanos()).as("faster").isBetween(0.09 * SECOND, 0.15 * SECOND);
  }

  private void departAfter(long nanos, int together) {
    now += nanos;
    for (var i = 0; i < together; i++) {
      rate.dispatched(now);
    }
  }
}
