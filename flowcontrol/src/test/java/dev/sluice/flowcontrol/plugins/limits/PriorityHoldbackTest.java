package dev.sluice.flowcontrol.plugins.limits;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.conformance.UsageLimitPolicyConformance;
import dev.sluice.flowcontrol.framework.InvalidPluginException;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.plugins.limits.PriorityHoldback.Domain;
import dev.sluice.flowcontrol.plugins.limits.PriorityHoldback.Parameters;
import dev.sluice.flowcontrol.plugins.limits.PriorityHoldback.Shape;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class PriorityHoldbackTest extends UsageLimitPolicyConformance {

  @Override
  protected UsageLimitPolicy newPolicy() {
    return new PriorityHoldback(Parameters.DEFAULT);
  }

  @Test
  void spreadsCeilingsEvenlyOverRanks() {
    assertThat(ceilings(Domain.RANK, 0.4, 1.0, 100, 1, 0, -50))
        .containsExactly(new double[] {1.0, 0.8, 0.6, 0.4}, within(1e-12));
  }

  @Test
  void spreadsCeilingsInProportionToPriorities() {
    assertThat(ceilings(Domain.VALUE, 0.5, 0.9, 100, 75, 0))
        .containsExactly(new double[] {0.9, 0.8, 0.5}, within(1e-12));
  }

  @ParameterizedTest
  @EnumSource(Domain.class)
  void givesASingleBandTheLargestCeiling(Domain domain) {
    assertThat(ceilings(domain, 0.2, 0.7, -3)).containsExactly(0.7);
  }

  @ParameterizedTest
  @EnumSource(Domain.class)
  void neverRisesTowardsLessImportantBands(Domain domain) {
    var ceilings = ceilings(domain, 0.1, 1.0, Integer.MAX_VALUE, 7, 0, Integer.MIN_VALUE);

    for (var i = 1; i < ceilings.length; i++) {
      assertThat(ceilings[i]).isLessThan(ceilings[i - 1]).isBetween(0.1, 1.0);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "minCeiling, -0.1, allowed at least 0",
    "minCeiling, 1.0, below 1",
    "maxCeiling, 0.0, allowed above 0",
    "maxCeiling, 1.1, at most 1",
    "maxCeiling, 0.85, below maxCeiling 0.85"
  })
  void refusesWhatUpstreamRefuses(String parameter, double value, String allowed) {
    assertThatThrownBy(() ->
            PluginCatalog.builtIn()
                .plugin(
                    UsageLimitPolicy.class, "priority-holdback-policy", Map.of(parameter, value)))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageContaining("Ceiling: got")
        .hasMessageContaining(allowed);
  }

  @Test
  void namesEveryFaultAtOnce() {
    assertThatThrownBy(() -> new Parameters(Shape.LINEAR, Domain.RANK, Double.NaN, 2.0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("minCeiling: got NaN")
        .hasMessageContaining("maxCeiling: got 2.0");
  }

  @Test
  void takesUpstreamsParameters() {
    var plugin =
        PluginCatalog.builtIn()
            .plugin(
                UsageLimitPolicy.class,
                "priority-holdback-policy",
                Map.of("shape", "linear", "domain", "value", "minCeiling", 0.6));

    assertThat(plugin.parameters()).isEqualTo(new Parameters(Shape.LINEAR, Domain.VALUE, 0.6, 1.0));
  }

  private static double[] ceilings(Domain domain, double min, double max, int... priorities) {
    var ceilings = new double[priorities.length];
    new PriorityHoldback(new Parameters(Shape.LINEAR, domain, min, max))
        .ceilings(0.5, priorities, ceilings);
    return ceilings;
  }
}
