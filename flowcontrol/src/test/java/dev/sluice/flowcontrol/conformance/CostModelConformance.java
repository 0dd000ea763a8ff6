package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link CostModel}. */
public abstract class CostModelConformance {

  /** A model of the type under test. */
  protected abstract CostModel newModel();

  @Test
  void chargesSomethingForTheSmallestRequest() {
    assertThat(newModel().estimate(request(0), 0, 0)).isPositive();
  }

  @Test
  void neverChargesLessThanNothing() {
    assertThat(newModel().actual(Usage.NONE)).isNotNegative();
  }

  @Test
  void staysInRangeForAbsurdTokenCounts() {
    var model = newModel();

    assertThat(model.estimate(request(Long.MAX_VALUE), Long.MAX_VALUE, Long.MAX_VALUE))
        .isPositive();
    assertThat(model.actual(Usage.of(Long.MAX_VALUE, Long.MAX_VALUE))).isPositive();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void isMonotoneInTokens(long seed) {
    var random = new Random(seed);
    var model = newModel();

    for (var i = 0; i < 10_000; i++) {
      var input = random.nextInt(100_000);
      var output = random.nextInt(100_000);
      var cached = random.nextInt(input + 1);
      var more = random.nextInt(1_000);

      assertThat(model.estimate(request(input + more), input + more, output))
          .as("seed %d", seed)
          .isGreaterThanOrEqualTo(model.estimate(request(input), input, output));
      assertThat(model.estimate(request(input), input, output + more))
          .as("seed %d", seed)
          .isGreaterThanOrEqualTo(model.estimate(request(input), input, output));
      assertThat(model.actual(new Usage(input + more, cached, output)))
          .as("seed %d", seed)
          .isGreaterThanOrEqualTo(model.actual(new Usage(input, cached, output)));
      assertThat(model.actual(new Usage(input, cached, output + more)))
          .as("seed %d", seed)
          .isGreaterThanOrEqualTo(model.actual(new Usage(input, cached, output)));
      assertThat(model.actual(new Usage(input, 0, output)))
          .as("seed %d", seed)
          .isGreaterThanOrEqualTo(model.actual(new Usage(input, cached, output)));
    }
  }

  @Test
  void answersTheSameEachTime() {
    var model = newModel();

    assertThat(model.estimate(request(100), 100, 50))
        .isEqualTo(model.estimate(request(100), 100, 50));
    assertThat(newModel().estimate(request(100), 100, 50))
        .isEqualTo(model.estimate(request(100), 100, 50));
  }

  private static FlowControlRequest request(long inputTokens) {
    return FlowControlRequest.builder("r", new FlowKey("flow", 0)).inputTokens(inputTokens).build();
  }
}
