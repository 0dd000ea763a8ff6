package dev.sluice.endpoints.health;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.endpoints.health.Ejection.State;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each line of the table of {@link Ejection}, on virtual time. */
final class EjectionTest {
  private static final long SECOND = 1_000_000_000L;

  private final Ejection ejection = new Ejection(EjectionOptions.DEFAULT, () -> 0.5);
  private long now = Long.MAX_VALUE - 20 * SECOND; // nanoseconds may overflow

  private boolean fail() {
    return ejection.failed(now, true, () -> true, () -> 0.0);
  }

  private void failTimes(int times) {
    for (var i = 0; i < times; i++) {
      fail();
    }
  }

  private void passSeconds(double seconds) {
    now += (long) (seconds * SECOND);
    ejection.timePasses(now);
  }

  @Test
  void failuresInARowTakeItOut() {
    failTimes(4);
    assertThat(ejection.state()).isEqualTo(State.IN);

    assertThat(fail()).isTrue();

    assertThat(ejection.state()).isEqualTo(State.OUT);
    assertThat(ejection.reason()).isEqualTo("5 requests failed in a row");
  }

  @Test
  void aServedRequestBeginsTheRowAnew() {
    failTimes(4);
    ejection.served(now);

    failTimes(4);

    assertThat(ejection.state()).isEqualTo(State.IN);
  }

  @Test
  void staysInIfThePoolCannotSpareIt() {
    for (var i = 0; i < 100; i++) {
      assertThat(ejection.failed(now, true, () -> false, () -> 0.0)).isFalse();
    }
    assertThat(ejection.state()).isEqualTo(State.IN);
  }

  @ParameterizedTest
  @CsvSource({
    "0.1, OUT",
    "0.25, OUT",
    "0.4, IN",
    "NaN, IN",
  })
  void aRateTakesItOutIfItsPeersDoBetter(double peers, State expected) {
    for (var i = 0; i < 15; i++) {
      ejection.served(now);
      ejection.failed(now, false, () -> true, () -> peers);
    }
    for (var i = 0; i < 3; i++) {
      ejection.failed(now, false, () -> true, () -> peers);
    }
    assertThat(ejection.state()).isEqualTo(expected);
  }

  @Test
  void aRateOfFewRequestsSaysNothing() {
    for (var i = 0; i < 19; i++) {
      ejection.failed(now, false, () -> true, () -> 0.0);
    }
    assertThat(ejection.state()).isEqualTo(State.IN);
  }

  @Test
  void oldFailuresAreForgotten() {
    for (var i = 0; i < 19; i++) {
      ejection.failed(now, false, () -> true, () -> 0.0);
    }
    passSeconds(31);

    ejection.failed(now, false, () -> true, () -> 0.0);

    assertThat(ejection.state()).isEqualTo(State.IN);
  }

  @Test
  void isTriedAfterTheBackOffAndComesInAgain() {
    failTimes(5);
    passSeconds(9.9);
    assertThat(ejection.state()).isEqualTo(State.OUT);

    passSeconds(0.2);
    assertThat(ejection.state()).isEqualTo(State.PROBING);

    assertThat(ejection.began(now)).isTrue();
    assertThat(ejection.state()).isEqualTo(State.IN);
  }

  @Test
  void oneFailureAfterTheReturnTakesItOutForTwiceAsLong() {
    failTimes(5);
    passSeconds(10.1);
    ejection.began(now);

    fail();

    assertThat(ejection.state()).isEqualTo(State.OUT);
    passSeconds(19.9);
    assertThat(ejection.state()).isEqualTo(State.OUT);
    passSeconds(0.2);
    assertThat(ejection.state()).isEqualTo(State.PROBING);
  }

  @Test
  void aFailedProbeDoublesTheBackOffUpToTheLongest() {
    failTimes(5);
    for (var i = 0; i < 70; i++) {
      passSeconds(400);
      assertThat(ejection.state()).isEqualTo(State.PROBING);
      fail();
      assertThat(ejection.state()).isEqualTo(State.OUT);
    }
    assertThat(ejection.backOffNanos()).isEqualTo(Duration.ofMinutes(5).toNanos());
  }

  @Test
  void aLongGoodTimeMakesTheBackOffShortAgain() {
    failTimes(5);
    passSeconds(10.1);
    ejection.began(now);
    ejection.served(now);
    passSeconds(100);

    failTimes(5);

    assertThat(ejection.backOffNanos()).isEqualTo(10 * SECOND);
  }

  @Test
  void comesInWhenItsPeersAreGone() {
    failTimes(5);

    assertThat(ejection.reinstate(now)).isTrue();
    assertThat(ejection.state()).isEqualTo(State.IN);
    assertThat(ejection.reinstate(now)).isFalse();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void aServerThatAlwaysFailsGetsFewRequestsAndAGoodOneIsNeverOut(long seed) {
    var random = new Random(seed);
    var bad = new Ejection(EjectionOptions.DEFAULT, random::nextDouble);
    var good = new Ejection(EjectionOptions.DEFAULT, random::nextDouble);
    var atBad = 0;
    for (var i = 0; i < 36_000; i++) { // an hour, ten requests a second
      now += SECOND / 10;
      bad.timePasses(now);
      if (bad.state() != State.OUT) {
        atBad++;
        bad.failed(now, true, () -> true, () -> good.failures(1.0) / Math.max(1, good.requests()));
      }
      if (random.nextInt(100) == 0) {
        good.failed(now, true, () -> true, () -> 1.0);
      } else {
        good.began(now);
        good.served(now);
      }
      assertThat(good.state()).isEqualTo(State.IN);
    }
    assertThat(atBad).isLessThan(40);
  }
}
