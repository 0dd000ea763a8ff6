package dev.sluice.flowcontrol.plugins.cost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.conformance.CostModelConformance;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.types.Cost;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import org.junit.jupiter.api.Test;

final class KvTokenTimeTest extends CostModelConformance {

  @Override
  protected CostModel newModel() {
    return new KvTokenTime();
  }

  @Test
  void chargesEachTokenHeldForEachStep() {
    assertThat(newModel().actual(Usage.of(100, 10))).isEqualTo(100 * 10 + 10 * 10 / 2);
    assertThat(newModel().estimate(request(100), 100, 10)).isEqualTo(1_050);
  }

  @Test
  void chargesOneWeightedTokenPerStepOfA1024TokenContext() {
    assertThat(Cost.tokens(newModel().actual(Usage.of(1_024, 2)))).isBetween(2.0, 2.01);
  }

  @Test
  void aContextSixteenTimesAsLongCostsSixteenTimesAsMuch() {
    var shortContext = newModel().actual(Usage.of(256, 1));
    var longContext = newModel().actual(Usage.of(4_096, 1));

    assertThat(longContext).isEqualTo(16 * shortContext);
  }

  @Test
  void countsACachedPromptInFull() {
    assertThat(newModel().actual(new Usage(100, 90, 10)))
        .isEqualTo(newModel().actual(Usage.of(100, 10)));
  }

  @Test
  void staysBelowAThousandthOfTheLargestNumberForAnyRequest() {
    assertThat(newModel().actual(Usage.of(Long.MAX_VALUE, Long.MAX_VALUE)))
        .isLessThan(Long.MAX_VALUE / 1_000);
  }

  private static FlowControlRequest request(long inputTokens) {
    return FlowControlRequest.builder("r", new FlowKey("a", 0)).inputTokens(inputTokens).build();
  }
}
