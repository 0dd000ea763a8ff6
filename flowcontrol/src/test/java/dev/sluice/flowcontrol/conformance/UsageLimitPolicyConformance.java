package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link UsageLimitPolicy}. */
public abstract class UsageLimitPolicyConformance {

  /** A policy of the type under test. */
  protected abstract UsageLimitPolicy newPolicy();

  @ParameterizedTest
  @ValueSource(doubles = {0.0, 0.3, 0.5, 0.7, 0.99, 1.0, 2.0, Double.NaN})
  void writesNumbersFromZeroForAnyCountOfBands(double saturation) {
    var policy = newPolicy();
    for (var bands = 0; bands <= 64; bands++) {
      var ceilings = ones(bands);

      policy.ceilings(saturation, priorities(bands), ceilings);

      for (var ceiling : ceilings) {
        assertThat(ceiling).isNotNaN().isGreaterThanOrEqualTo(0.0);
      }
    }
  }

  @Test
  void leavesThePrioritiesAsTheyAre() {
    var priorities = priorities(5);

    newPolicy().ceilings(0.5, priorities, ones(5));

    assertThat(priorities).isEqualTo(priorities(5));
  }

  @Test
  void letsTheMostImportantBandUseAnEmptyPool() {
    var ceilings = ones(3);

    newPolicy().ceilings(0.0, priorities(3), ceilings);

    assertThat(ceilings[0]).isPositive();
  }

  @Test
  void answersTheSameAtAnySaturationUnlessItSaysOtherwise() {
    var policy = newPolicy();
    if (policy.dependsOnSaturation()) {
      return;
    }
    var atRest = ones(4);
    policy.ceilings(0.0, priorities(4), atRest);

    for (var saturation : new double[] {0.5, 1.0, 3.0, Double.NaN}) {
      var ceilings = ones(4);
      policy.ceilings(saturation, priorities(4), ceilings);
      assertThat(ceilings).isEqualTo(atRest);
    }
  }

  private static double[] ones(int bands) {
    var ones = new double[bands];
    Arrays.fill(ones, 1.0);
    return ones;
  }

  private static int[] priorities(int bands) {
    return IntStream.range(0, bands).map(rank -> 100 - 10 * rank).toArray();
  }
}
