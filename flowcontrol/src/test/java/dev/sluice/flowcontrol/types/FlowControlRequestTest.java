package dev.sluice.flowcontrol.types;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class FlowControlRequestTest {

  @Test
  void expectsNoCachedPromptTokensUnlessToldSo() {
    assertThat(request().inputTokens(100).build().cachedInputTokens()).isZero();
  }

  @Test
  void takesAsManyCachedPromptTokensAsThereAre() {
    assertThat(request().cachedInputTokens(100).inputTokens(100).build().cachedInputTokens())
        .isEqualTo(100);
  }

  @Test
  void refusesMoreCachedThanPromptTokens() {
    var request = request().inputTokens(99).cachedInputTokens(100);

    assertThatThrownBy(request::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("cachedInputTokens: got 100, allowed 0 to 99");
    assertThatThrownBy(() -> request().cachedInputTokens(-1))
        .hasMessage("cachedInputTokens: got -1, allowed >= 0");
  }

  @Test
  void takesAnotherSizeAndKeepsTheRest() {
    var request =
        request()
            .tenant("owner")
            .sizeBytes(7)
            .arrivedAtNanos(1)
            .timeToLive(Duration.ofNanos(2))
            .deadlineNanos(3)
            .sloTarget(Duration.ofNanos(4))
            .inputTokens(6)
            .cachedInputTokens(5)
            .hasMedia(true)
            .maxOutputTokens(8)
            .eligibility(Eligibility.ofModel("m"))
            .attributes(Map.of("a", 9))
            .build();

    assertThat(request.withSizeBytes(70))
        .usingRecursiveComparison()
        .ignoringFields("sizeBytes")
        .isEqualTo(request);
    assertThat(request.withSizeBytes(70).sizeBytes()).isEqualTo(70);
    assertThatThrownBy(() -> request.withSizeBytes(-1))
        .hasMessage("sizeBytes: got -1, allowed >= 0");
  }

  @Test
  void lowersTokensThatAreBeyondCounting() {
    var request =
        request()
            .inputTokens(Long.MAX_VALUE)
            .cachedInputTokens(Long.MAX_VALUE)
            .maxOutputTokens(Long.MAX_VALUE)
            .build();

    assertThat(request.inputTokens()).isEqualTo(Usage.MOST_TOKENS);
    assertThat(request.cachedInputTokens()).isEqualTo(Usage.MOST_TOKENS);
    assertThat(request.maxOutputTokens()).isEqualTo(Usage.MOST_TOKENS);
    assertThat(new Usage(Long.MAX_VALUE, Long.MAX_VALUE, Long.MAX_VALUE))
        .isEqualTo(new Usage(Usage.MOST_TOKENS, Usage.MOST_TOKENS, Usage.MOST_TOKENS));
  }

  private static FlowControlRequest.Builder request() {
    return FlowControlRequest.builder("r", new FlowKey("flow", 0));
  }
}
