package dev.sluice.flowcontrol.plugins.bands;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.BandPolicyConformance;
import dev.sluice.flowcontrol.conformance.FakeBand;
import dev.sluice.flowcontrol.framework.BandPolicy;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StrictReserveTest extends BandPolicyConformance {
  private static final long ALL = 0b111;

  @Override
  protected BandPolicy newPolicy() {
    return new StrictReserve(StrictReserve.Parameters.DEFAULT);
  }

  @Test
  void isStrictWhereNothingIsReserved() {
    var policy = new StrictReserve(new StrictReserve.Parameters(0));
    policy.bandsChanged(bands(0, 0, 0));

    for (var i = 0; i < 1_000; i++) {
      assertThat(policy.next(ALL)).isZero();
      assertThat(policy.isReservedTurn()).isFalse();
      policy.dispatched(0, 100, ALL);
    }
  }

  /** With exact costs a band that waits is owed at most two of the largest requests. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void keepsWhatIsReserved(long seed) {
    var random = new Random(seed);
    var shares = new double[] {0, 0.2, 0.1};
    var policy = newPolicy();
    policy.bandsChanged(bands(shares));
    var service = new double[3];
    var all = 0.0;
    var largest = 1_024;

    for (var i = 0; i < 20_000; i++) {
      var rank = policy.next(ALL);
      var cost = 1 + random.nextInt(largest);
      policy.dispatched(rank, cost, ALL);
      service[rank] += cost;
      all += cost;
      for (var reserved = 1; reserved < 3; reserved++) {
        assertThat(shares[reserved] * all - service[reserved])
            .as("owed to rank %d at %d, seed %d", reserved, i, seed)
            .isLessThanOrEqualTo(2.0 * largest);
      }
    }
    for (var reserved = 1; reserved < 3; reserved++) {
      assertThat(service[reserved] / all)
          .isBetween(shares[reserved] - 0.005, shares[reserved] + 0.01);
    }
  }

  @Test
  void reservesATwentiethForTheLowestBandIfNothingIsSaid() {
    var policy = newPolicy();
    policy.bandsChanged(bands(Double.NaN, Double.NaN, Double.NaN));
    var turns = new int[3];

    for (var i = 0; i < 10_000; i++) {
      var rank = policy.next(ALL);
      assertThat(policy.isReservedTurn()).isEqualTo(rank == 2);
      policy.dispatched(rank, 10, ALL);
      turns[rank]++;
    }

    assertThat(turns[1]).isZero();
    assertThat(turns[2]).isBetween(490, 510);
  }

  @Test
  void reservesNothingForABandAlone() {
    var policy = newPolicy();
    policy.bandsChanged(bands(Double.NaN));

    policy.dispatched(0, 10, 1);
    policy.next(1);

    assertThat(policy.isReservedTurn()).isFalse();
  }

  @Test
  void banksNothingWhileABandHasNothingToSend() {
    var policy = newPolicy();
    policy.bandsChanged(bands(0, 0, 0.4));
    for (var i = 0; i < 1_000; i++) {
      policy.dispatched(0, 100, 0b001);
    }

    assertThat(policy.next(0b101)).isZero();
  }

  @Test
  void forgetsCreditThatABandNoLongerWaitsFor() {
    var policy = newPolicy();
    policy.bandsChanged(bands(0, 0, 0.4));
    policy.dispatched(0, 100, 0b101);
    policy.dispatched(0, 100, 0b001); // its requests were cancelled

    assertThat(policy.next(0b101)).isZero();
  }

  /** A band that used an idle pool owes one request, however much it used. */
  @Test
  void doesNotPunishABandForUsingAnIdlePool() {
    var policy = newPolicy();
    policy.bandsChanged(bands(0, 0, 0.5 - 0.01));
    for (var i = 0; i < 1_000; i++) {
      policy.dispatched(2, 100, 0b100);
    }

    var untilServed = 0;
    while (policy.next(0b101) == 0) {
      policy.dispatched(0, 100, 0b101);
      assertThat(++untilServed).isLessThanOrEqualTo(3);
    }
    assertThat(policy.isReservedTurn()).isTrue();
  }

  @Test
  void paysBackWhatWasChargedTooMuch() {
    var policy = newPolicy();
    policy.bandsChanged(bands(0, 0, 0.1));
    policy.dispatched(0, 100, 0b101);
    assertThat(policy.next(0b101)).isEqualTo(2);
    policy.dispatched(2, 100, 0b101);
    assertThat(policy.next(0b101)).isZero();

    policy.corrected(2, -95, 0b101);

    assertThat(policy.next(0b101)).isEqualTo(2);
  }

  /**
   * The band used an idle pool, so each of its debts was let off; none of them may be paid back in
   * full.
   */
  @Test
  void banksNoMoreThanFourRequestsByRefunds() {
    var policy = newPolicy();
    policy.bandsChanged(bands(0, 0, 0.1));
    for (var i = 0; i < 1_000; i++) {
      policy.dispatched(2, 100, 0b100);
    }
    for (var i = 0; i < 1_000; i++) {
      policy.corrected(2, -90, 0b101);
    }

    var turns = 0;
    while (policy.next(0b101) == 2) {
      policy.dispatched(2, 100, 0b101);
      turns++;
    }
    assertThat(turns).isBetween(1, 5);
  }

  @Test
  void losesNoMoreThanOneRequestByRefundsToOthers() {
    var policy = newPolicy();
    policy.bandsChanged(bands(0, 0, 0.1));
    for (var i = 0; i < 1_000; i++) {
      policy.dispatched(0, 100, 0b001);
    }
    for (var i = 0; i < 1_000; i++) {
      policy.corrected(0, -90, 0b101);
    }

    var turnsOfOthers = 0;
    while (policy.next(0b101) == 0) {
      policy.dispatched(0, 100, 0b101);
      turnsOfOthers++;
    }
    assertThat(turnsOfOthers).isBetween(1, 11);
  }

  @Test
  void keepsTheCreditOfABandThatStays() {
    var policy = newPolicy();
    policy.bandsChanged(bands(0, 0, 0.4));
    policy.dispatched(0, 100, 0b101);

    var more =
        List.of(
            FakeBand.ofPriority(1_000),
            FakeBand.ofPriority(100),
            FakeBand.ofPriority(99),
            FakeBand.ofPriority(98, 1, 0.4));
    policy.bandsChanged(more);

    assertThat(policy.next(0b1111)).isEqualTo(3);
  }

  @Test
  void refusesAShareOutsideItsRange() {
    assertThatThrownBy(() -> new StrictReserve.Parameters(0.5))
        .hasMessage("lowestShare: got 0.5, allowed 0 to below 0.5");
  }

  private static List<FakeBand> bands(double... shares) {
    var bands = new FakeBand[shares.length];
    for (var rank = 0; rank < shares.length; rank++) {
      bands[rank] = FakeBand.ofPriority(100 - rank, 1, shares[rank]);
    }
    return List.of(bands);
  }
}
