package dev.sluice.flowcontrol.plugins.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.OutputPredictorConformance;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import org.junit.jupiter.api.Test;

final class NoPredictionTest extends OutputPredictorConformance {

  @Override
  protected OutputPredictor newPredictor() {
    return new NoPrediction();
  }

  @Test
  void expectsNothingWhateverItHasSeenOrTheSenderAllows() {
    var predictor = newPredictor();
    var request = FlowControlRequest.builder("r", new FlowKey("a", 0)).maxOutputTokens(500).build();

    predictor.observe(request, 400);

    assertThat(predictor.predict(request)).isZero();
  }
}
