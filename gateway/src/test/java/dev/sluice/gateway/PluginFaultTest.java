package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.inference.TokenEstimator;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/**
 * A plugin that throws costs the request that it was asked for a clear answer, and nothing else.
 */
class PluginFaultTest {
  private static final Duration SOON = Duration.ofSeconds(30);
  private static final String CHAT = "/v1/chat/completions";

  private final AtomicBoolean fails = new AtomicBoolean(true);

  @Test
  void aPickerThatFailsCostsItsRequestOnly() throws Exception {
    var sound = new LeastLoadPicker();
    EndpointPicker picker =
        (needs, candidates) -> {
          if (fails.get()) {
            throw new IllegalStateException("no idea");
          }
          return sound.pick(needs, candidates);
        };
    try (var under =
        new GatewayUnderTest(
            1,
            GatewayUnderTest.quick(),
            FlowControlConfig.builder().detector(GatewayUnderTest.roomFor(1)).build(),
            GatewayOptions.DEFAULT,
            picker)) {
      for (var i = 0; i < 3; i++) {
        var answer = under.post(CHAT, GatewayUnderTest.chat(1, false));
        assertThat(answer.statusCode()).isEqualTo(500);
        assertThat(answer.body()).contains("The endpoint picker failed.");
      }
      fails.set(false);
      assertThat(under.post(CHAT, GatewayUnderTest.chat(1, false)).statusCode()).isEqualTo(200);
      await().atMost(SOON).until(under::isQuiet);
    }
  }

  @Test
  void anEstimatorThatFailsCostsItsRequestOnly() throws Exception {
    TokenEstimator estimator =
        scan -> {
          if (fails.get()) {
            throw new IllegalStateException("too many");
          }
          return 1;
        };
    var options = GatewayOptions.builder().tokenEstimator(estimator).build();
    try (var under =
        new GatewayUnderTest(1, GatewayUnderTest.quick(), FlowControlConfig.defaults(), options)) {
      var answer = under.post(CHAT, GatewayUnderTest.chat(1, false));
      assertThat(answer.statusCode()).isEqualTo(500);
      assertThat(answer.body()).contains("\"error\":{\"message\":").doesNotContain("too many");
      fails.set(false);
      assertThat(under.post(CHAT, GatewayUnderTest.chat(1, true)).statusCode()).isEqualTo(200);
      await().atMost(SOON).until(under::isQuiet);
    }
  }
}
