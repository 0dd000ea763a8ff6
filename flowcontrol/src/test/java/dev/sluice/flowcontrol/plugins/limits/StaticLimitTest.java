package dev.sluice.flowcontrol.plugins.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.UsageLimitPolicyConformance;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class StaticLimitTest extends UsageLimitPolicyConformance {

  @Override
  protected UsageLimitPolicy newPolicy() {
    return new StaticLimit(StaticLimit.Parameters.DEFAULT);
  }

  @Test
  void givesEveryBandTheSameCeiling() {
    var ceilings = new double[] {1.0, 1.0, 1.0};

    new StaticLimit(new StaticLimit.Parameters(0.8)).ceilings(0.5, new int[] {9, 0, -9}, ceilings);

    assertThat(ceilings).containsExactly(0.8, 0.8, 0.8);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.0, -0.1, 1.01, Double.NaN, Double.POSITIVE_INFINITY})
  void refusesAThresholdOutsideItsRange(double threshold) {
    assertThatThrownBy(() -> new StaticLimit.Parameters(threshold))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("threshold: got " + threshold);
  }
}
