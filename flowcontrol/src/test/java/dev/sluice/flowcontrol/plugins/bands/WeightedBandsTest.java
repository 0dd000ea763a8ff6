package dev.sluice.flowcontrol.plugins.bands;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.BandPolicyConformance;
import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.framework.BandPolicy;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class WeightedBandsTest extends BandPolicyConformance {

  @Override
  protected BandPolicy newPolicy() {
    return new WeightedBands();
  }

  /** The bound of start-tag fair queueing. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void sharesByWeightToWithinOneRequestEach(long seed) {
    var random = new Random(seed);
    var weights = new double[] {4, 2, 1};
    var policy = newPolicy();
    policy.bandsChanged(bands(weights));
    var service = new double[3];

    for (var i = 0; i < 20_000; i++) {
      var rank = policy.next(0b111);
      var cost = 1 + random.nextInt(1_000);
      policy.dispatched(rank, cost, false, 0b111, 0);
      service[rank] += cost / weights[rank];
      for (var other = 1; other < 3; other++) {
        assertThat(Math.abs(service[0] - service[other]))
            .as("at %d, seed %d", i, seed)
            .isLessThanOrEqualTo(1_000 / weights[0] + 1_000 / weights[other]);
      }
    }
  }

  @Test
  void givesNoCreditForTimeWithoutRequests() {
    var policy = newPolicy();
    policy.bandsChanged(bands(1, 1));
    for (var i = 0; i < 100; i++) {
      serve(policy, 0b01);
    }

    assertThat(turnsOfLower(policy)).isBetween(4, 6);
  }

  @Test
  void givesNoCreditForTimeWithoutRoom() {
    var policy = newPolicy();
    policy.bandsChanged(bands(1, 1));
    policy.dispatched(0, 10, false, 0b11, 0);
    for (var i = 0; i < 100; i++) {
      assertThat(policy.next(0b11)).as("the lower band goes first, and has no room").isEqualTo(1);
      assertThat(policy.next(0b01)).isZero();
      policy.dispatched(0, 10, false, 0b11, 0);
    }

    assertThat(turnsOfLower(policy)).isBetween(4, 6);
  }

  @Test
  void givesNoCreditForRequestsOfOthersThatFoundRoomOnArrival() {
    var policy = newPolicy();
    policy.bandsChanged(bands(1, 1));
    for (var i = 0; i < 100; i++) {
      policy.dispatched(0, 10, false, 0b10, 0);
    }

    assertThat(turnsOfLower(policy)).isBetween(4, 6);
  }

  /** The engine asks for the band after each of them, and finds no room for it. */
  @Test
  void givesNoCreditForRequestsOfOthersThatFoundRoomWhileItHadNone() {
    var policy = newPolicy();
    policy.bandsChanged(bands(1, 1));
    for (var i = 0; i < 100; i++) {
      policy.dispatched(0, 10, false, 0b10, 0);
      assertThat(policy.next(0b10)).isEqualTo(1);
    }

    assertThat(turnsOfLower(policy)).isBetween(4, 6);
  }

  @Test
  void letsOffWhatIsOwedWhenNothingWaits() {
    var policy = newPolicy();
    policy.bandsChanged(bands(1, 1));
    policy.dispatched(0, 1_000, false, 0, 0);
    policy.corrected(0, 6_000, 5_000, 0, 0);

    assertThat(policy.next(0b11)).isZero();
  }

  @Test
  void keepsWhatABandGotWhenOthersComeAndGo() {
    var policy = newPolicy();
    policy.bandsChanged(bands(1, 1));
    policy.next(0b11);
    policy.dispatched(0, 1_000, false, 0b11, 0);

    policy.bandsChanged(
        List.of(FakeBand.ofPriority(500), FakeBand.ofPriority(100), FakeBand.ofPriority(99)));

    assertThat(policy.next(0b110)).isEqualTo(2);
  }

  private static int turnsOfLower(BandPolicy policy) {
    var turns = 0;
    for (var i = 0; i < 10; i++) {
      turns += serve(policy, 0b11);
    }
    return turns;
  }

  private static int serve(BandPolicy policy, long candidates) {
    var rank = policy.next(candidates);
    policy.dispatched(rank, 10, false, candidates, 0);
    return rank;
  }

  private static List<FakeBand> bands(double... weights) {
    var bands = new FakeBand[weights.length];
    for (var rank = 0; rank < weights.length; rank++) {
      bands[rank] = FakeBand.ofPriority(100 - rank, weights[rank], Double.NaN);
    }
    return List.of(bands);
  }
}
