package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.BandPolicy;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link BandPolicy}. */
public abstract class BandPolicyConformance {

  /** A policy of the type under test. */
  protected abstract BandPolicy newPolicy();

  @Test
  void namesTheOnlyCandidate() {
    for (var rank = 0; rank < 64; rank++) {
      var policy = newPolicy();
      policy.bandsChanged(bands(64));

      assertThat(policy.next(1L << rank)).isEqualTo(rank);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void namesACandidateWhateverHappenedBefore(long seed) {
    var random = new Random(seed);
    var policy = newPolicy();
    var bands = 1;
    policy.bandsChanged(bands(bands));

    for (var step = 0; step < 20_000; step++) {
      if (random.nextInt(1_000) == 0) {
        bands = 1 + random.nextInt(64);
        policy.bandsChanged(bands(bands));
      }
      var all = bands == 64 ? -1L : (1L << bands) - 1;
      var candidates = random.nextLong() & all;
      while (candidates != 0) {
        var rank = policy.next(candidates);
        assertThat(rank).as("seed %d", seed).isBetween(0, 63);
        assertThat(candidates & (1L << rank)).as("rank %d, seed %d", rank, seed).isNotZero();
        if (random.nextBoolean()) {
          var cost = 1 + random.nextInt(1 << 20);
          var inReservedTurn =
              policy.isReservedTurn() && policy.covers(rank, cost, random.nextLong() & all);
          var backlogged = random.nextLong() & all;
          var booking =
              policy.dispatched(rank, cost, inReservedTurn, backlogged, random.nextLong() & all);
          var delta = random.nextInt(2_000) - 1_000L;
          policy.corrected(rank, Math.max(0, cost + delta), delta, backlogged, booking);
          break;
        }
        candidates &= ~(1L << rank);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void choosesTheSameForTheSameHistory(long seed) {
    var random = new Random(seed);
    var first = newPolicy();
    var second = newPolicy();
    first.bandsChanged(bands(8));
    second.bandsChanged(bands(8));

    for (var step = 0; step < 10_000; step++) {
      var candidates = 1 + random.nextInt(255);
      var rank = first.next(candidates);
      assertThat(second.next(candidates)).as("step %d, seed %d", step, seed).isEqualTo(rank);
      assertThat(second.isReservedTurn()).isEqualTo(first.isReservedTurn());
      var cost = 1 + random.nextInt(1_000);
      var covered = first.isReservedTurn() && first.covers(rank, cost, candidates);
      if (second.isReservedTurn()) {
        assertThat(second.covers(rank, cost, candidates)).isEqualTo(covered);
      }
      first.dispatched(rank, cost, covered, candidates, candidates);
      second.dispatched(rank, cost, covered, candidates, candidates);
    }
  }

  private static List<FakeBand> bands(int bands) {
    return IntStream.range(0, bands).mapToObj(rank -> FakeBand.ofPriority(100 - rank)).toList();
  }
}
