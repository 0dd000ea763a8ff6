package dev.sluice.flowcontrol.plugins.detectors;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class LearnedLimitTest {
  private static final long MS = 1_000_000L;
  private static final int START = 8;

  private final Endpoint endpoint = new Endpoint(parameters(0, START, 1, 1_000, 1));

  @Test
  void startsWhereItIsToldAndLearnsNothingFromItsFirstSample() {
    assertThat(endpoint.limit.given()).isEqualTo(START);

    endpoint.shows(1, 100, 1.0, 999);

    assertThat(endpoint.limit.given()).isEqualTo(START);
  }

  @ParameterizedTest
  @CsvSource({"1, 1, 1", "64, 1, 8", "64, 20, 20"})
  void neverStartsWithAFlood(int startLimit, int minLimit, int expected) {
    var limit = new LearnedLimit(parameters(0, startLimit, minLimit, 1_000, 1));

    assertThat(limit.given()).isEqualTo(expected);
  }

  @Test
  void doublesWhileItBindsAndNothingWaits() {
    endpoint.shows(8, 0);

    endpoint.shows(8, 0);
    assertThat(endpoint.limit.given()).isEqualTo(16);
    endpoint.shows(16, 0);

    assertThat(endpoint.limit.given()).isEqualTo(32);
  }

  @Test
  void neverGrowsWhileItDoesNotBind() {
    for (var i = 0; i < 1_000; i++) {
      endpoint.shows(START - 1, 0);
    }

    assertThat(endpoint.limit.given()).isEqualTo(START);
  }

  @Test
  void waitsForASampleThatShowsWhatItLetIn() {
    endpoint.shows(8, 0);
    endpoint.shows(8, 0);

    endpoint.inFlight = 16;
    endpoint.showsStale(8, 0);

    assertThat(endpoint.limit.given()).isEqualTo(16);
  }

  @Test
  void isWhatRanWhenRequestsWaitAlthoughOneEnded() {
    endpoint.shows(4, 4);
    endpoint.shows(4, 4);
    assertThat(endpoint.limit.given()).isEqualTo(START);

    endpoint.ended++;
    endpoint.shows(4, 4);

    assertThat(endpoint.limit.given()).isEqualTo(4);
  }

  @Test
  void isNotCutBeforeARequestEnded() {
    for (var i = 0; i < 100; i++) {
      endpoint.shows(1, 7);
    }

    assertThat(endpoint.limit.given()).isEqualTo(START);
  }

  @Test
  void isNotCutWhileTheNumberRunningRises() {
    for (var running = 1; running < 8; running++) {
      endpoint.ended++;
      endpoint.shows(running, 8 - running);
      assertThat(endpoint.limit.given()).isEqualTo(START);
    }

    endpoint.shows(8, 0);

    assertThat(endpoint.limit.given()).isEqualTo(START + 1);
  }

  @Test
  void isNotCutWhileItDoesNotBind() {
    var roomy = Endpoint.grownTo(64);

    for (var i = 0; i < 100; i++) {
      roomy.ended++;
      roomy.shows(1, 9);
    }

    assertThat(roomy.limit.given()).isEqualTo(64);
  }

  @Test
  void isNotCutByWhatWaitsBesideFreePlaces() {
    endpoint.shows(8, 0);

    for (var i = 0; i < 20; i++) {
      endpoint.ended++;
      endpoint.shows(3, 5);
    }

    assertThat(endpoint.limit.given()).isEqualTo(START);
  }

  @Test
  void letsSomeWaitInAnEndpointThatIsShortOfReadingPrompts() {
    var busy = Endpoint.grownTo(64);
    busy.isQuiet();
    busy.shows(16, 0);

    for (var i = 0; i < 20; i++) {
      busy.ended++;
      busy.shows(i % 4 == 0 ? 16 : 10, 48);
    }
    busy.ended++;
    busy.shows(16, 48);
    busy.ended++;
    busy.shows(16, 48);

    assertThat(busy.limit.given()).isEqualTo(16 + 1);
  }

  @Test
  void triesLessAndLessOftenToGrowBeyondWhatRan() {
    endpoint.runsAtMost(4);
    endpoint.keptFull(Duration.ofSeconds(10));
    assertThat(endpoint.limit.given()).isBetween(4, 5);
    endpoint.keptFull(Duration.ofSeconds(110));
    var tries = endpoint.tries;

    endpoint.keptFull(Duration.ofSeconds(200));

    assertThat(endpoint.tries - tries).isBetween(1, 4);
    assertThat(endpoint.mostGiven).isEqualTo(START);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 4, 5, 16, 64, 100, 256, 300})
  void findsWhatTheEndpointServes(int slots) {
    endpoint.runsAtMost(slots);

    endpoint.keptFull(Duration.ofSeconds(10));

    assertThat(endpoint.limit.given()).isBetween(slots, slots + 1);
  }

  @Test
  void findsMoreRoomWhenItComes() {
    endpoint.runsAtMost(4);
    endpoint.keptFull(Duration.ofSeconds(5));

    endpoint.runsAtMost(64);
    endpoint.keptFull(Duration.ofSeconds(20));

    assertThat(endpoint.limit.given()).isBetween(64, 65);
  }

  @Test
  void findsLessRoomWhenItGoes() {
    endpoint.runsAtMost(64);
    endpoint.keptFull(Duration.ofSeconds(5));

    endpoint.runsAtMost(4);
    endpoint.keptFull(Duration.ofSeconds(30));

    assertThat(endpoint.limit.given()).isBetween(4, 5);
  }

  @Test
  void doesNotGrowOnNumbersThatDoNotShowItsLastStep() {
    var large = Endpoint.grownTo(64);
    large.shows(32, 32);
    large.ended++;
    large.shows(32, 32);
    assertThat(large.limit.given()).isEqualTo(32);
    large.isQuiet();

    large.shows(32, 0);
    assertThat(large.limit.given()).isEqualTo(33);
    large.inFlight = 33;
    large.showsStale(32, 0);
    large.showsStale(32, 0);
    assertThat(large.limit.given()).isEqualTo(33);
    large.showsStale(33, 0);

    assertThat(large.limit.given()).isEqualTo(35);
  }

  @Test
  void growsByOneASecondWhileFewWaitForTheReadingOfPrompts() {
    endpoint.shows(8, 0);
    endpoint.shows(7, 1);
    assertThat(endpoint.limit.given()).isEqualTo(8);

    endpoint.shows(7, 1);
    assertThat(endpoint.limit.given()).isEqualTo(9);
    endpoint.shows(7, 2);

    assertThat(endpoint.limit.given()).isEqualTo(9);
  }

  // KV cache and preemptions

  @ParameterizedTest
  @CsvSource({"0.951, 0", "0.5, 1"})
  void fallsByATenthWhenTheCacheIsNearlyFullOrRequestsWerePreempted(double kv, long preempted) {
    var large = Endpoint.grownTo(16);

    large.shows(16, 0, kv, preempted);

    assertThat(large.limit.given()).isEqualTo(14);
  }

  @ParameterizedTest
  @CsvSource({"0.951, 0", "0.5, 1"})
  void doesNotFallWhileItDoesNotBind(double kv, long preempted) {
    var large = Endpoint.grownTo(16);

    large.shows(10, 0, kv, preempted);

    assertThat(large.limit.given()).isEqualTo(16);
  }

  @Test
  void isNotCutAgainBeforeTheLastCutShowed() {
    var large = Endpoint.grownTo(16);

    for (var i = 0; i < 20; i++) {
      large.shows(16, 0, 0.96, 0);
    }
    assertThat(large.limit.given()).isEqualTo(14);
    large.shows(14, 0, 0.96, 0);

    assertThat(large.limit.given()).isEqualTo(12);
  }

  @Test
  void seesPreemptionsThatCameBetweenTwoSteps() {
    var large = Endpoint.grownTo(16);

    large.nowMillis -= 100;
    large.shows(16, 0, 0.5, 5);
    large.nowMillis -= 100;
    large.shows(16, 0, 0.5, 5);

    assertThat(large.limit.given()).isEqualTo(14);
  }

  @Test
  void takesACounterThatFellForARestart() {
    endpoint.shows(8, 0, 0.5, 1_000);

    endpoint.shows(8, 0, 0.5, 0);
    assertThat(endpoint.limit.given()).isEqualTo(16);
    endpoint.shows(16, 0, 0.5, 1);

    assertThat(endpoint.limit.given()).isEqualTo(14);
  }

  @Test
  void learnsNothingFromAUtilisationThatIsNoNumber() {
    endpoint.shows(8, 0);

    endpoint.shows(8, 0, Double.NaN, 0);

    assertThat(endpoint.limit.given()).isEqualTo(START);
  }

  // Bounds and interval

  @Test
  void takesAStepAtMostEachInterval() {
    endpoint.shows(8, 0);

    for (var i = 0; i < 3; i++) {
      endpoint.nowMillis -= 150;
      endpoint.shows(8, 0);
      assertThat(endpoint.limit.given()).isEqualTo(START);
    }
    endpoint.shows(8, 0);

    assertThat(endpoint.limit.given()).isEqualTo(2 * START);
  }

  @Test
  void staysWithinItsBounds() {
    var bounded = new Endpoint(parameters(0, 8, 6, 20, 1));
    bounded.runsAtMost(4);
    bounded.keptFull(Duration.ofSeconds(10));
    assertThat(bounded.limit.given()).isEqualTo(6);

    bounded.runsAtMost(100);
    bounded.keptFull(Duration.ofSeconds(60));

    assertThat(bounded.limit.given()).isEqualTo(20);
  }

  @Test
  void learnsNothingWhenItIsFixed() {
    var fixed = new Endpoint(parameters(12, START, 1, 1_000, 1));

    fixed.runsAtMost(4);
    fixed.keptFull(Duration.ofSeconds(10));

    assertThat(fixed.limit.given()).isEqualTo(12 + 1);
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

  /** An endpoint that is sampled every 200 ms. */
  private static final class Endpoint {
    final LearnedLimit limit;
    long nowMillis = 1_000;
    long ended;
    int inFlight;
    int tries;
    int mostGiven;
    private int slots;

    Endpoint(Ledger.Parameters parameters) {
      limit = new LearnedLimit(parameters);
    }

    static Endpoint grownTo(int limit) {
      var endpoint = new Endpoint(parameters(0, START, 1, 1_000, 1));
      endpoint.shows(START, 0);
      while (endpoint.limit.given() < limit) {
        endpoint.shows(endpoint.limit.given(), 0);
      }
      return endpoint;
    }

    /** Lets pass the time in which it is remembered how many ran. */
    void isQuiet() {
      for (var i = 0; i < 60; i++) {
        shows(0, 0);
      }
    }

    void runsAtMost(int requests) {
      slots = requests;
    }

    /** Lets a request in wherever there is room, and a tenth of what runs end for each sample. */
    void keptFull(Duration time) {
      for (var i = 0; i < time.toMillis() / 200; i++) {
        var ends = Math.max(1, Math.min(inFlight, slots) / 10);
        ended += Math.min(inFlight, ends);
        inFlight = Math.max(limit.given(), inFlight - ends);
        var before = limit.given();
        var running = Math.min(slots, inFlight);
        showsStale(running, inFlight - running);
        tries += limit.given() > before ? 1 : 0;
        mostGiven = Math.max(mostGiven, limit.given());
      }
    }

    void shows(int running, int waiting) {
      shows(running, waiting, 0.5, 0);
    }

    void shows(int running, int waiting, double kv, long preemptions) {
      inFlight = running + waiting;
      sample(running, waiting, kv, preemptions);
    }

    /** Shows what was, whatever is in flight by now. */
    void showsStale(int running, int waiting) {
      sample(running, waiting, 0.5, 0);
    }

    private void sample(int running, int waiting, double kv, long preemptions) {
      if (limit.isDue(nowMillis * MS)) {
        see(running, waiting, kv, preemptions);
      }
      nowMillis += 200;
    }

    private void see(int running, int waiting, double kv, long preemptions) {
      limit.seen(nowMillis * MS, running, running, waiting, kv, preemptions, inFlight, ended);
    }
  }
}
