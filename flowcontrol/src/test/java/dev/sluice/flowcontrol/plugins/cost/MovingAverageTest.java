package dev.sluice.flowcontrol.plugins.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.OutputPredictorConformance;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.plugins.cost.MovingAverage.Parameters;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import org.junit.jupiter.api.Test;

final class MovingAverageTest extends OutputPredictorConformance {

  @Override
  protected OutputPredictor newPredictor() {
    return new MovingAverage(Parameters.DEFAULT);
  }

  @Test
  void expectsThePriorOfAFlowAndModelThatWereNeverSeen() {
    assertThat(newPredictor().predict(request("a", "m"))).isEqualTo(256);
  }

  @Test
  void movesAFifthOfTheWayToEachObservation() {
    var predictor = newPredictor();

    predictor.observe(request("a", "m"), 1_256);
    assertThat(predictor.predict(request("a", "m"))).isEqualTo(456);
    predictor.observe(request("a", "m"), 456 + 500);
    assertThat(predictor.predict(request("a", "m"))).isEqualTo(556);
  }

  @Test
  void startsANewFlowFromItsModelsAverage() {
    var predictor = newPredictor();

    predictor.observe(request("a", "m"), 1_256);

    assertThat(predictor.predict(request("new", "m"))).isEqualTo(456);
    assertThat(predictor.predict(request("new", "other"))).isEqualTo(256);
  }

  @Test
  void keepsFlowsApart() {
    var predictor = newPredictor();
    predictor.observe(request("long", "m"), 10_256);
    predictor.observe(request("short", "m"), 0);

    assertThat(predictor.predict(request("long", "m"))).isEqualTo(2_256);
    assertThat(predictor.predict(request("short", "m"))).isLessThan(2_256);
  }

  @Test
  void forgetsTheFlowThatWasNotSeenForLongest() {
    var predictor = new MovingAverage(new Parameters(0.2, 256, 2));
    predictor.observe(request("a", "m1"), 1_256);
    predictor.observe(request("b", "m2"), 1_256);
    predictor.predict(request("a", "m1"));

    predictor.observe(request("c", "m3"), 1_256);

    assertThat(predictor.predict(request("a", "new"))).isEqualTo(456);
    assertThat(predictor.predict(request("b", "new"))).isEqualTo(256);
  }

  private static FlowControlRequest request(String flow, String model) {
    return FlowControlRequest.builder("r", new FlowKey(flow, 0))
        .eligibility(Eligibility.ofModel(model))
        .build();
  }
}
