package dev.sluice.flowcontrol.theory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.plugins.fairness.VirtualToken;
import dev.sluice.flowcontrol.theory.StartTagTwin.Without;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Theorem G1. While two flows wait, the service that they get per weight differs by at most {@code
 * B_fg + B_gf + (P_f + N_f) / w_f + (P_g + N_g) / w_g}, where {@code B_fg = (chat_f + P_f) / w_f +
 * N_g / w_g}: {@code chat} is the largest estimate, {@code P} the most by which the requests in
 * flight were estimated too low, {@code N} too high. Any predictor is safe; a better one is
 * tighter.
 */
final class ServiceGapTest {
  private static final int TRACES = 1_000;
  private static final int REQUESTS = 600;

  /** Traces that broke the bound, and the most of its bound that a trace with exact costs used. */
  private record Found(int violations, double tightest, String worst) {}

  @Test
  void staysWithinTheBoundOnRandomTracesWithRandomPredictors() {
    var found = search(VirtualToken::new);

    assertThat(found.violations).as("%s", found.worst).isZero();
    assertThat(found.tightest).as("the bound is nearly reached").isGreaterThan(0.8);
  }

  @Test
  void holdsForTheFormulasThemselves() {
    assertThat(search(() -> new StartTagTwin(Without.NOTHING)).violations).isZero();
  }

  @ParameterizedTest
  @EnumSource(names = {"LIFT", "CHARGE_AT_DISPATCH", "CORRECTION", "WEIGHTS"})
  void isBrokenByAPolicyWithoutOneOfItsRules(Without rule) {
    assertThat(search(() -> new StartTagTwin(rule)).violations).isPositive();
  }

  private static Found search(Supplier<InterFlowDispatchPolicy> policies) {
    var violations = 0;
    var tightest = 0.0;
    var worst = "";
    for (var seed = 0; seed < TRACES; seed++) {
      var trace = new FairnessTrace(policies.get(), seed);
      var broken = false;
      for (var gap : trace.run(REQUESTS)) {
        if (gap.widest() > gap.bound()) {
          broken = true;
          worst = gap + ", seed " + seed;
        }
        if (trace.isExact()) {
          tightest = Math.max(tightest, gap.widest() / gap.bound());
        }
      }
      violations += broken ? 1 : 0;
    }
    return new Found(violations, tightest, worst);
  }
}
