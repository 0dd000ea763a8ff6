package dev.sluice.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.serving.identity.IdentityOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class GatewayOptionsTest {
  @Test
  void changesOneOptionAndKeepsTheOthers() {
    var all =
        GatewayOptions.builder()
            .host("h")
            .port(1)
            .eventLoops(2)
            .maxBodyBytes(3)
            .maxHeaderBytes(4)
            .maxHeaders(12)
            .bodyBudgetBytes(5)
            .bodyTimeout(Duration.ofSeconds(6))
            .connectTimeout(Duration.ofSeconds(7))
            .responseTimeout(Duration.ofSeconds(8))
            .clientTimeout(Duration.ofSeconds(9))
            .upstreamApiKey("key")
            .tokenEstimator(body -> 10)
            .identity(new IdentityOptions(List.of(), Map.of(), true, List.of("t"), false))
            .clients(
                new ClientLimits(
                    Duration.ofSeconds(11), Duration.ofSeconds(12), Duration.ofSeconds(13), 14, 15))
            .cors(new Cors(List.of("*"), Duration.ofSeconds(16)))
            .build();

    assertThat(all.toBuilder().build()).isEqualTo(all);
    assertThat(all.toBuilder().port(11).build())
        .isNotEqualTo(all)
        .extracting(GatewayOptions::port, GatewayOptions::host)
        .containsExactly(11, "h");
    assertThat(GatewayOptions.builder().build()).isEqualTo(GatewayOptions.DEFAULT);
  }

  @Test
  void namesEveryOptionThatIsOutsideItsRange() {
    var wrong =
        GatewayOptions.builder()
            .port(70_000)
            .eventLoops(0)
            .maxBodyBytes(-1)
            .maxHeaders(0)
            .clientTimeout(Duration.ZERO);

    assertThatThrownBy(wrong::build)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            """
            port: got 70000, allowed 0 to 65535
            eventLoops: got 0, allowed > 0
            maxBodyBytes: got -1, allowed > 0
            maxHeaders: got 0, allowed > 0
            clientTimeout: got PT0S, allowed > 0\
            """);
  }
}
