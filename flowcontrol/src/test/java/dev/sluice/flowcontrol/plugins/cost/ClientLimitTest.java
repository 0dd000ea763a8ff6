package dev.sluice.flowcontrol.plugins.cost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.conformance.OutputPredictorConformance;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.plugins.cost.ClientLimit.Parameters;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import org.junit.jupiter.api.Test;

final class ClientLimitTest extends OutputPredictorConformance {

  @Override
  protected OutputPredictor newPredictor() {
    return new ClientLimit(Parameters.DEFAULT);
  }

  @Test
  void expectsAllThatTheSenderAllows() {
    var request =
        FlowControlRequest.builder("r", new FlowKey("a", 0)).maxOutputTokens(4_096).build();

    assertThat(newPredictor().predict(request)).isEqualTo(4_096);
  }

  @Test
  void expectsThePriorWhereTheSenderSetsNoLimit() {
    var predictor = new ClientLimit(new Parameters(77));
    var request = FlowControlRequest.builder("r", new FlowKey("a", 0)).build();

    predictor.observe(request, 4_000);

    assertThat(predictor.predict(request)).isEqualTo(77);
  }

  @Test
  void refusesANegativePrior() {
    assertThatThrownBy(() -> new Parameters(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("priorTokens: got -1, allowed >= 0");
  }
}
