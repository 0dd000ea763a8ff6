package dev.sluice.flowcontrol.plugins.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.conformance.UsageLimitPolicyConformance;
import dev.sluice.flowcontrol.framework.InvalidPluginException;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.plugins.limits.CeilingsByRank.Parameters;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class CeilingsByRankTest extends UsageLimitPolicyConformance {

  @Override
  protected UsageLimitPolicy newPolicy() {
    return new CeilingsByRank(Parameters.DEFAULT);
  }

  @Test
  void givesTopMiddleAndLowestTheListedValues() {
    assertThat(ceilings(3, 1.0, 0.95, 0.85)).containsExactly(1.0, 0.95, 0.85);
  }

  @Test
  void givesTwoBandsTheEndsOfTheList() {
    assertThat(ceilings(2, 1.0, 0.95, 0.85)).containsExactly(1.0, 0.85);
  }

  @Test
  void givesASingleBandTheFirstValue() {
    assertThat(ceilings(1, 0.9, 0.5)).containsExactly(0.9);
  }

  @Test
  void putsBandsBetweenOnStraightLines() {
    assertThat(ceilings(5, 1.0, 0.95, 0.85))
        .containsExactly(new double[] {1.0, 0.975, 0.95, 0.90, 0.85}, within(1e-12));
    assertThat(ceilings(4, 1.0, 0.4))
        .containsExactly(new double[] {1.0, 0.8, 0.6, 0.4}, within(1e-12));
  }

  @Test
  void givesEveryBandASingleValue() {
    assertThat(ceilings(4, 0.7)).containsExactly(0.7, 0.7, 0.7, 0.7);
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 7, 64})
  void neverRisesTowardsLessImportantBands(int bands) {
    var ceilings = ceilings(bands, 1.0, 0.97, 0.97, 0.5, 0.1);

    assertThat(ceilings[0]).isEqualTo(1.0);
    assertThat(ceilings[bands - 1]).isEqualTo(0.1);
    for (var i = 1; i < bands; i++) {
      assertThat(ceilings[i]).isLessThanOrEqualTo(ceilings[i - 1]);
    }
  }

  @Test
  void refusesListsThatAreEmptyOrRiseOrLeaveTheRange() {
    assertRefused("ceilings: got none", List.of());
    assertRefused("ceilings[1]: got 0.9, allowed above 0, at most 0.8", List.of(0.8, 0.9));
    assertRefused("ceilings[0]: got 1.5", List.of(1.5));
    assertRefused("ceilings[1]: got 0.0", List.of(1.0, 0.0));
    assertRefused("ceilings[0]: got NaN", List.of(Double.NaN));
  }

  @Test
  void isConfiguredByAList() {
    var plugin =
        PluginCatalog.builtIn()
            .plugin(UsageLimitPolicy.class, "ceilings", Map.of("ceilings", List.of(1, 0.5)));

    assertThat(plugin.parameters()).isEqualTo(new Parameters(List.of(1.0, 0.5)));
  }

  private static void assertRefused(String message, List<Double> ceilings) {
    assertThatThrownBy(() ->
            PluginCatalog.builtIn()
                .plugin(UsageLimitPolicy.class, "ceilings", Map.of("ceilings", ceilings)))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageContaining(message);
  }

  private static double[] ceilings(int bands, Double... values) {
    var priorities = IntStream.range(0, bands).map(rank -> 10 - rank).toArray();
    var ceilings = new double[bands];
    new CeilingsByRank(new Parameters(List.of(values))).ceilings(0.5, priorities, ceilings);
    return ceilings;
  }
}
