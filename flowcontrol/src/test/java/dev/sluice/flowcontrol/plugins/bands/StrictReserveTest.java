package dev.sluice.flowcontrol.plugins.bands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.BandPolicyConformance;
import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.plugins.bands.BandRun.Request;
import dev.sluice.flowcontrol.plugins.bands.BandRun.Running;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The promises of {@code strict-reserve}. This mutant is meant to fail here: the largest cost never
 * fades, so one giant request lets bands save up for ever.
 */
final class StrictReserveTest extends BandPolicyConformance {
  private static final double TOTAL = 0.05;

  @Override
  protected BandPolicy newPolicy() {
    return new StrictReserve(StrictReserve.Parameters.DEFAULT);
  }

  private static BandRun newRun(int... priorities) {
    var run = new BandRun(new StrictReserve(new StrictReserve.Parameters(TOTAL)), TOTAL);
    run.exist(priorities);
    return run;
  }

  private static BandRun newRun(Map<Integer, Double> configured) {
    var run = newRun();
    run.exist(configured);
    return run;
  }

  /** Lets each of the bands want everything for a number of dispatches. */
  private static void contend(BandRun run, int dispatches, Supplier<Request> requests) {
    for (var i = 0; i < dispatches; i++) {
      run.bands().values().stream()
          .filter(band -> band.queue.isEmpty())
          .forEach(band -> band.queue.add(requests.get()));
      // Another one waits behind the one that goes, so that no band is empty in between.
      run.bands().values().forEach(band -> band.queue.add(requests.get()));
      run.end(run.dispatchOne());
      run.bands().values().forEach(band -> band.queue.subList(1, band.queue.size()).clear());
    }
  }

  private static double share(BandRun run, int priority) {
    var all = run.bands().values().stream().mapToDouble(band -> band.service).sum();
    return run.band(priority).service / all;
  }

  @Nested
  final class Shares {

    @Test
    void halveFromRankToRank() {
      var run = newRun(10, 0, -1, -10);

      contend(run, 40_000, () -> Request.exact(1));

      assertThat(share(run, 0)).isBetween(0.0245, 0.0255);
      assertThat(share(run, -1)).isBetween(0.012, 0.0126);
      assertThat(share(run, -10)).isBetween(0.006, 0.0064);
    }

    @Test
    void doNotChangeWithBandsThatDoNotAsk() {
      var run = newRun(20, 10, 5, 0, -5);
      run.pass(20, Request.exact(1));
      run.pass(-5, Request.exact(1));

      for (var i = 0; i < 20_000; i++) {
        run.band(10).queue.add(Request.exact(1));
        run.band(0).queue.add(Request.exact(1));
        run.dispatchOne();
      }

      assertThat(run.band(0).turns).isBetween(495, 505);
    }

    @Test
    void areThoseOfTheConfiguration() {
      var random = new Random(1);
      var run = newRun(Map.of(10, Double.NaN, 0, 0.2, -10, 0.1));

      contend(run, 20_000, () -> Request.exact(1 + random.nextInt(1_000)));

      assertThat(share(run, 0)).isBetween(0.197, 0.203);
      assertThat(share(run, -10)).isBetween(0.097, 0.103);
    }

    @Test
    void areAtLeastThoseOfLowerBands() {
      var random = new Random(1);
      var run = newRun(Map.of(10, 0.0, 5, 0.0, 0, Double.NaN, -10, 0.1));

      contend(run, 20_000, () -> Request.exact(1 + random.nextInt(1_000)));

      assertThat(share(run, 5)).isBetween(0.097, 0.103);
      assertThat(share(run, 0)).isBetween(0.097, 0.103);
      assertThat(share(run, -10)).isBetween(0.097, 0.103);
    }

    @Test
    void takeAHalfTogetherAtMost() {
      var random = new Random(1);
      var run = newRun(Map.of(10, Double.NaN, 5, 0.0, 0, Double.NaN, -10, 0.4));

      contend(run, 20_000, () -> Request.exact(1 + random.nextInt(1_000)));

      assertThat(share(run, 10)).isBetween(0.49, 0.56);
    }

    @Test
    void areNoneWhereNothingIsReserved() {
      var run = newRun(Map.of(10, Double.NaN, 0, 0.0, -10, 0.0));

      contend(run, 1_000, () -> Request.exact(1));

      assertThat(run.band(10).turns).isEqualTo(1_000);
    }

    /** Of any two that want everything, the more important gets at least as much. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
    void keepTheOrderOfBands(long seed) {
      var random = new Random(seed);
      var configured = new HashMap<Integer, Double>();
      var count = 2 + random.nextInt(6);
      for (var i = 0; i < count; i++) {
        configured.put(i, random.nextBoolean() ? Double.NaN : random.nextDouble() * 0.5 / count);
      }
      var run = newRun(configured);

      contend(run, 30_000, () -> Request.exact(1 + random.nextInt(1_000)));

      for (var i = 1; i < count; i++) {
        assertThat(run.band(i).service)
            .as("band %d, shares %s, seed %d", i, configured, seed)
            .isGreaterThan(run.band(i - 1).service - 2_000);
      }
      assertThat(run.band(0).turns).isPositive();
    }

    /** Far smaller requests in a band leave it every second turn, and lower bands theirs. */
    @Test
    void starveNoBandBelowOneOfTinyRequests() {
      var run = newRun(10, 0, -10);

      for (var i = 0; i < 20_000; i++) {
        run.band(10).queue.add(Request.exact(1_000));
        run.band(0).queue.add(Request.exact(1));
        run.band(-10).queue.add(Request.exact(1_000));
        run.dispatchOne();
      }

      assertThat(run.band(0).turns).isGreaterThan(9_000);
      assertThat(share(run, -10)).isGreaterThan(0.012);
    }
  }

  @Nested
  final class Predictions {

    /** Whatever the factors by which the two bands are predicted, what they used counts. */
    @ParameterizedTest
    @CsvSource({
      "1,1,0.095",
      "10,1,0.09",
      "0.1,1,0.09",
      "1,0.1,0.09",
      "0.1,0.1,0.09",
      "3,3,0.09",
      "1,3,0.09",
      "10,10,0.08",
      "1,10,0.08"
    })
    void hardlyChangeTheShare(double top, double low, double least) {
      var random = new Random(1);
      var run = newRun(Map.of(10, Double.NaN, 0, 0.1));
      var running = new ArrayDeque<Running>();

      for (var i = 0; i < 40_000; i++) {
        run.band(10).queue.add(predicted(100 + random.nextInt(900), top));
        run.band(0).queue.add(predicted(100 + random.nextInt(900), low));
        if (running.size() == 16) {
          run.end(running.removeFirst());
        }
        running.add(run.dispatchOne());
      }

      assertThat(share(run, 0)).isBetween(least, 0.11);
    }

    private static Request predicted(long cost, double factor) {
      return new Request(Math.max(1, (long) (cost * factor)), cost);
    }

    /** One slot, and requests that are predicted at 26 tokens and use 7. */
    @Test
    void ofABandAloneAreNoCreditWhenAnotherAppears() {
      var run = newRun(-1);
      var early = new ArrayList<Running>();
      for (var i = 0; i < 100; i++) {
        run.band(-1).queue.add(new Request(26, 7));
        early.add(run.dispatchOne());
      }
      run.exist(10, -1);
      for (var i = 0; i < 10; i++) {
        run.band(10).queue.add(Request.exact(26));
        run.band(-1).queue.add(new Request(26, 7));
      }
      early.forEach(run::end);

      assertThat(run.dispatchOne().priority).isEqualTo(10);
      assertThat(run.dispatchOne().priority).isEqualTo(10);
    }

    @Test
    void thatWereTooLowArePaidForLater() {
      var run = newRun(10, 0);
      var running = new ArrayDeque<Running>();
      for (var i = 0; i < 10_000; i++) {
        run.band(10).queue.add(Request.exact(100));
        run.band(0).queue.add(new Request(1, 1_000));
        if (running.size() == 8) {
          run.end(running.removeFirst());
        }
        running.add(run.dispatchOne());
      }

      assertThat(share(run, 0)).isLessThan(0.03);
    }

    @Test
    void ofAnotherPolicyCountForNothing() {
      var policy = newPolicy();
      policy.bandsChanged(List.of(band(10), band(0)));
      for (var i = 0; i < 1_000; i++) {
        policy.corrected(0, 2_000, 1_000, 0b11, 0);
        policy.corrected(1, 0, -1_000, 0b11, 0);
      }

      assertThat(policy.next(0b11)).isZero();
    }
  }

  @Nested
  final class Time {

    @Test
    void withoutRequestsIsNoCredit() {
      var run = newRun(10, 0);
      for (var i = 0; i < 10_000; i++) {
        run.pass(10, Request.exact(100));
      }

      assertThat(untilServed(run)).isEqualTo(40);
    }

    @Test
    void withoutRoomIsNoCredit() {
      var run = newRun(10, 0);
      run.band(0).queue.add(Request.exact(100));
      run.band(0).hasRoom = false;
      for (var i = 0; i < 10_000; i++) {
        run.pass(10, Request.exact(100));
      }
      run.band(0).hasRoom = true;

      assertThat(untilServed(run)).isEqualTo(40);
    }

    @Test
    void endsWithTheBacklog() {
      var run = newRun(10, 0);
      run.band(0).queue.add(Request.exact(100));
      for (var i = 0; i < 30; i++) {
        run.pass(10, Request.exact(100));
      }
      run.band(0).queue.clear(); // cancelled
      run.pass(10, Request.exact(100));

      assertThat(untilServed(run)).isEqualTo(40);
    }

    /** A band that had the pool for itself is served as soon as one that had not. */
    @Test
    void withTheWholePoolIsNotPunished() {
      var run = newRun(10, 0);
      for (var i = 0; i < 10_000; i++) {
        run.pass(0, Request.exact(100));
      }

      assertThat(untilServed(run)).isEqualTo(40);
    }

    /** Requests of the higher band pass without waiting, and the lower one is above its ceiling. */
    @Test
    void inWhichHigherRequestsPassIsCredit() {
      var run = newRun(10, 0);
      run.band(0).queue.add(Request.exact(100));
      for (var i = 0; i < 100; i++) {
        run.pass(10, Request.exact(100));
      }

      assertThat(run.dispatchOne().reserved).isTrue();
    }

    /** The number of dispatches until the lower band is served, if both want everything. */
    private int untilServed(BandRun run) {
      for (var count = 1; ; count++) {
        run.band(10).queue.add(Request.exact(100));
        run.band(0).queue.add(Request.exact(100));
        if (run.dispatchOne().priority == 0) {
          return count;
        }
      }
    }
  }

  /** One giant request does not let a band bank for ever. */
  @Test
  void forgetsTheLargestRequest() {
    var run = newRun(20, 10, 0);
    run.pass(20, Request.exact(1_000_000));
    for (var i = 0; i < 20_000; i++) {
      run.pass(20, Request.exact(100));
    }
    run.band(10).queue.add(Request.exact(100));
    run.band(0).hasRoom = true;
    run.band(0).queue.addAll(List.of(Request.exact(1), Request.exact(1)));
    for (var i = 0; i < 100_000; i++) {
      run.pass(20, Request.exact(100)); // no turn comes from the queue meanwhile
    }
    var turns = 0;
    for (var i = 0; i < 2_000; i++) {
      run.band(20).queue.add(Request.exact(1));
      run.band(10).queue.clear();
      run.band(0).queue.add(Request.exact(1));
      turns += run.dispatchOne().priority == 0 ? 1 : 0;
    }

    assertThat(turns).isLessThan(200);
  }

  /** With exact costs a band that waits is owed at most two of the largest requests. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void keepsWhatIsReserved(long seed) {
    var random = new Random(seed);
    var shares = Map.of(10, Double.NaN, 0, 0.2, -10, 0.1);
    var run = newRun(shares);

    for (var i = 0; i < 50_000; i++) {
      contend(run, 1, () -> Request.exact(1 + random.nextInt(1_024)));
      var all = run.bands().values().stream().mapToDouble(band -> band.service).sum();
      for (var reserved : List.of(0, -10)) {
        assertThat(shares.getOrDefault(reserved, 0.0) * all - run.band(reserved).service)
            .as("owed to %d at %d, seed %d", reserved, i, seed)
            .isLessThanOrEqualTo(2.0 * 1_024);
      }
    }
    assertThat(share(run, 0)).isBetween(0.199, 0.201);
    assertThat(share(run, -10)).isBetween(0.099, 0.101);
  }

  /**
   * Bands appear, vanish, lose their room and change their shares, the policy is replaced, requests
   * are cancelled, and predictions are wrong in both directions. {@link BandRun} checks after each
   * dispatch.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
  void reservedTurnsTakeTheirShareAndOneRequestAtMost(long seed) {
    var random = new Random(seed);
    var run = newRun(randomBands(random, List.of()));
    var running = new ArrayList<Running>();
    var slots = 1 + random.nextInt(16);
    var reserved = 0;

    for (var step = 0; step < 30_000; step++) {
      if (random.nextInt(500) == 0) {
        var busy = new ArrayList<Integer>();
        running.forEach(request -> busy.add(request.priority));
        run.bands()
            .forEach((priority, band) -> {
              if (!band.queue.isEmpty()) {
                busy.add(priority);
              }
            });
        run.exist(randomBands(random, busy));
      }
      if (random.nextInt(3_000) == 0) {
        var total = random.nextDouble() * 0.5;
        run.reload(new StrictReserve(new StrictReserve.Parameters(total)), total, running);
      }
      for (var band : run.bands().values()) {
        if (random.nextInt(200) == 0) {
          band.hasRoom = !band.hasRoom;
        }
        if (random.nextInt(300) == 0) {
          band.queue.clear();
        }
        if (random.nextInt(4) == 0 && band.queue.size() < 100) {
          band.queue.add(randomRequest(random));
        }
      }
      if (!running.isEmpty() && random.nextInt(4) == 0) {
        var request = running.get(random.nextInt(running.size()));
        run.used(request, Math.max(request.charged, request.request.cost() / 2));
      }
      if (running.size() >= slots) {
        run.end(running.remove(random.nextInt(running.size())));
      }
      var started = run.dispatch();
      if (started != null) {
        running.add(started);
        reserved += started.reserved ? 1 : 0;
      }
    }
    assertThat(reserved).as("seed %d", seed).isPositive();
  }

  private static Request randomRequest(Random random) {
    var cost = 1 + random.nextInt(random.nextInt(10) == 0 ? 100_000 : 1_000);
    return switch (random.nextInt(4)) {
      case 0 -> new Request(1 + cost / 50, cost);
      case 1 -> new Request(cost * 20L, cost);
      default -> Request.exact(cost);
    };
  }

  private static Map<Integer, Double> randomBands(Random random, List<Integer> busy) {
    var wanted = new HashMap<Integer, Double>();
    for (var priority = 0; priority < 12; priority++) {
      if (busy.contains(priority) || random.nextInt(3) == 0) {
        wanted.put(priority, random.nextInt(4) == 0 ? random.nextDouble() * 0.04 : Double.NaN);
      }
    }
    wanted.putIfAbsent(5, Double.NaN);
    return wanted;
  }

  @Test
  void refusesAShareOutsideItsRange() {
    assertThatThrownBy(() -> new StrictReserve.Parameters(0.6))
        .hasMessage("totalShare: got 0.6, allowed 0 to 0.5");
  }

  private static FakeBand band(int priority) {
    return FakeBand.ofPriority(priority);
  }
}
