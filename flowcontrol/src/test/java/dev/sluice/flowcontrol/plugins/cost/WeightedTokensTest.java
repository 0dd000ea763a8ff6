package dev.sluice.flowcontrol.plugins.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.CostModelConformance;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.plugins.cost.WeightedTokens.Parameters;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import org.junit.jupiter.api.Test;

final class WeightedTokensTest extends CostModelConformance {

  @Override
  protected CostModel newModel() {
    return new WeightedTokens(Parameters.DEFAULT);
  }

  @Test
  void chargesOneForAPromptTokenAndTwoForAGeneratedOne() {
    var request = FlowControlRequest.builder("r", new FlowKey("a", 0)).inputTokens(100).build();

    assertThat(Cost.tokens(newModel().estimate(request, request.inputTokens(), 50)))
        .isEqualTo(200.0);
    assertThat(Cost.tokens(newModel().actual(Usage.of(100, 50)))).isEqualTo(200.0);
  }

  @Test
  void chargesCachedPromptTokensAsUncachedOnesUnlessToldOtherwise() {
    var model = new WeightedTokens(new Parameters(3.0, 2.0, Parameters.AS_INPUT));

    assertThat(Cost.tokens(model.actual(new Usage(100, 80, 0)))).isEqualTo(300.0);
  }

  @Test
  void chargesCachedPromptTokensAtTheirOwnWeight() {
    var model = new WeightedTokens(new Parameters(1.0, 2.0, 0.1));

    assertThat(Cost.tokens(model.actual(new Usage(100, 80, 10)))).isEqualTo(48.0);
  }

  @Test
  void estimatesCachedPromptTokensThatTheRequestExpectsAtTheirOwnWeight() {
    var model = new WeightedTokens(new Parameters(1.0, 2.0, 0.1));
    var request =
        FlowControlRequest.builder("r", new FlowKey("a", 0))
            .inputTokens(100)
            .cachedInputTokens(80)
            .build();

    assertThat(Cost.tokens(model.estimate(request, request.inputTokens(), 10))).isEqualTo(48.0);
    assertThat(Cost.tokens(newModel().estimate(request, request.inputTokens(), 10)))
        .isEqualTo(120.0);
  }

  @Test
  void refusesWeightsThatWouldMakeACacheHitExpensive() {
    assertThatThrownBy(() -> new Parameters(1.0, 2.0, 1.5))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cachedInputWeight: got 1.5");
    assertThatThrownBy(() -> new Parameters(-1.0, 2.0, Parameters.AS_INPUT))
        .hasMessageContaining("inputWeight: got -1.0");
    assertThatThrownBy(() -> new Parameters(0, 0, Parameters.AS_INPUT))
        .hasMessageContaining("outputWeight 0");
  }
}
