package dev.sluice.flowcontrol.plugins.detectors;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.EndpointState;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class LearnedLimitTest {
  private static final long MS = 1_000_000L;
  private static final int START = 20;
  private static final int GIVEN = START + 1;

  private final LearnedLimit limit = new LearnedLimit(parameters(0, START, 4, 30, 1));

  @Test
  void startsWhereItIsToldAndLearnsNothingFromItsFirstSample() {
    assertThat(limit.given()).isEqualTo(GIVEN);

    limit.sampled(sample(0, 100, 1.0, 999), GIVEN);

    assertThat(limit.given()).isEqualTo(GIVEN);
  }

  @ParameterizedTest
  @CsvSource({"3, 0.5, 0", "0, 0.951, 0", "0, 0.5, 1"})
  void fallsByATenthWhenRequestsWaitOrTheCacheIsNearlyFullOrRequestsWerePreempted(
      int waiting, double kv, long preemptions) {
    limit.sampled(sample(0, 0, 0.5, 0), GIVEN);

    limit.sampled(sample(200, waiting, kv, preemptions), GIVEN);

    assertThat(limit.given()).isEqualTo(18 + 1);
  }

  @ParameterizedTest
  @CsvSource({"2, 0.5", "0, 0.95"})
  void growsByOneWhileTheLimitBindsAndNothingIsWrong(int waiting, double kv) {
    limit.sampled(sample(0, 0, 0.5, 7), GIVEN);

    limit.sampled(sample(200, waiting, kv, 7), GIVEN);

    assertThat(limit.given()).isEqualTo(GIVEN + 1);
  }

  @Test
  void bindsWithOneRequestLessThanTheLimit() {
    limit.sampled(sample(0, 0, 0.5, 0), 0);

    limit.sampled(sample(200, 0, 0.5, 0), GIVEN - 2);
    assertThat(limit.given()).isEqualTo(GIVEN);
    limit.sampled(sample(400, 0, 0.5, 0), GIVEN - 1);
    assertThat(limit.given()).isEqualTo(GIVEN + 1);
  }

  @Test
  void neverGrowsWhileItDoesNotBind() {
    for (var i = 0; i < 1_000; i++) {
      limit.sampled(sample(i * 1_000L, 0, 0.1, 0), 10);
    }

    assertThat(limit.given()).isEqualTo(GIVEN);
  }

  @Test
  void takesAStepAtMostEachInterval() {
    limit.sampled(sample(0, 0, 0.5, 0), GIVEN);

    for (var millis = 50; millis < 200; millis += 50) {
      limit.sampled(sample(millis, 0, 0.5, 0), 100);
      assertThat(limit.given()).isEqualTo(GIVEN);
    }
    limit.sampled(sample(200, 0, 0.5, 0), 100);

    assertThat(limit.given()).isEqualTo(GIVEN + 1);
  }

  @Test
  void seesPreemptionsThatCameBetweenTwoSteps() {
    limit.sampled(sample(0, 0, 0.5, 0), GIVEN);

    limit.sampled(sample(100, 0, 0.5, 5), GIVEN);
    limit.sampled(sample(200, 0, 0.5, 5), GIVEN);

    assertThat(limit.given()).isEqualTo(19);
  }

  @Test
  void takesACounterThatFellForARestart() {
    limit.sampled(sample(0, 0, 0.5, 1_000), GIVEN);

    limit.sampled(sample(200, 0, 0.5, 0), GIVEN);
    assertThat(limit.given()).isEqualTo(GIVEN + 1);
    limit.sampled(sample(400, 0, 0.5, 1), GIVEN);
    assertThat(limit.given()).isEqualTo(18 + 1);
  }

  @Test
  void isNotCutAgainBeforeTheLastCutShowed() {
    limit.sampled(sample(0, 0, 0.5, 0), GIVEN);

    for (var i = 1; i <= 20; i++) {
      limit.sampled(sample(i * 200L, 50, 0.5, 0), GIVEN);
    }
    assertThat(limit.given()).isEqualTo(19);
    limit.sampled(sample(5_000, 50, 0.5, 0), 19);

    assertThat(limit.given()).isEqualTo(16 + 1);
  }

  @Test
  void staysWithinItsBounds() {
    for (var i = 0; i < 100; i++) {
      limit.sampled(sample(i * 200L, 9, 0.5, 0), 0);
    }
    assertThat(limit.given()).isEqualTo(4 + 1);
    for (var i = 100; i < 200; i++) {
      limit.sampled(sample(i * 200L, 0, 0.5, 0), 100);
    }

    assertThat(limit.given()).isEqualTo(30 + 1);
  }

  @Test
  void learnsNothingFromAUtilisationThatIsNoNumber() {
    limit.sampled(sample(0, 0, 0.5, 0), GIVEN);

    limit.sampled(sample(200, 0, Double.NaN, 0), GIVEN);

    assertThat(limit.given()).isEqualTo(GIVEN);
  }

  @Test
  void toleratesTheWaitingThatItsHeadroomCauses() {
    var roomy = new LearnedLimit(parameters(0, START, 4, 30, 8));
    roomy.sampled(sample(0, 0, 0.5, 0), 28);

    roomy.sampled(sample(200, 9, 0.5, 0), 28);
    assertThat(roomy.given()).isEqualTo(21 + 8);
    roomy.sampled(sample(400, 10, 0.5, 0), 28);

    assertThat(roomy.given()).isEqualTo(18 + 8);
  }

  @Test
  void learnsNothingWhenItIsFixed() {
    var fixed = new LearnedLimit(parameters(12, START, 4, 30, 1));

    for (var i = 0; i < 10; i++) {
      fixed.sampled(sample(i * 200L, i % 2 * 50, 0.5, i), 13);
    }

    assertThat(fixed.given()).isEqualTo(13);
  }

  private static Ledger.Parameters parameters(
      int fixedLimit, int startLimit, int minLimit, int maxLimit, int headroom) {
    var defaults = Ledger.Parameters.DEFAULT;
    return new Ledger.Parameters(
        fixedLimit,
        startLimit,
        minLimit,
        maxLimit,
        headroom,
        defaults.kvLimit(),
        defaults.staleAfter(),
        defaults.staleFactor(),
        defaults.visibilityDelay(),
        defaults.learningInterval());
  }

  private static EndpointState sample(long millis, int waiting, double kv, long preemptions) {
    return new EndpointState(
        "a", Set.of(), Set.of(), true, waiting, 0, kv, 0, preemptions, 1.0, millis * MS);
  }
}
