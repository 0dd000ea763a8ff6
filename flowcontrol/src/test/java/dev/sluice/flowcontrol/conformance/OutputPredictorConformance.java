package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link OutputPredictor}. */
public abstract class OutputPredictorConformance {

  /** A predictor of the type under test that has seen nothing. */
  protected abstract OutputPredictor newPredictor();

  @Test
  void expectsNoMoreThanTheRequestMayGenerate() {
    var predictor = newPredictor();
    predictor.observe(request("a", FlowControlRequest.UNSET), 100_000);

    assertThat(predictor.predict(request("a", 7))).isBetween(0L, 7L);
    assertThat(predictor.predict(request("new", 7))).isBetween(0L, 7L);
    assertThat(predictor.predict(request("a", 0))).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void neverExpectsLessThanNothing(long seed) {
    var random = new Random(seed);
    var predictor = newPredictor();

    for (var i = 0; i < 50_000; i++) {
      var request = request("f" + random.nextInt(20_000), FlowControlRequest.UNSET);
      assertThat(predictor.predict(request)).as("seed %d", seed).isNotNegative();
      predictor.observe(request, random.nextInt(10) == 0 ? 0 : random.nextLong(1L << 40));
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void expectsTheSameForTheSameHistory(long seed) {
    var random = new Random(seed);
    var first = newPredictor();
    var second = newPredictor();

    for (var i = 0; i < 5_000; i++) {
      var request = request("f" + random.nextInt(50), FlowControlRequest.UNSET);
      var tokens = random.nextInt(4_000);
      assertThat(first.predict(request)).as("seed %d", seed).isEqualTo(second.predict(request));
      first.observe(request, tokens);
      second.observe(request, tokens);
    }
  }

  private static FlowControlRequest request(String flow, long maxOutputTokens) {
    var builder =
        FlowControlRequest.builder("r", new FlowKey(flow, 0))
            .eligibility(Eligibility.ofModel("model"));
    return maxOutputTokens == FlowControlRequest.UNSET
        ? builder.build()
        : builder.maxOutputTokens(maxOutputTokens).build();
  }
}
