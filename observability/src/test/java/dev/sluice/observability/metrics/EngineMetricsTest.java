package dev.sluice.observability.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import org.junit.jupiter.api.Test;

final class EngineMetricsTest {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final EngineMetrics metrics = new EngineMetrics(registry, "p");
  private final FlowControlRequest request =
      FlowControlRequest.builder("r", new FlowKey("t", 3)).sizeBytes(7).build();

  @Test
  void saysThatNothingIsRevoked() {
    metrics.rejected(1, 0, request, RejectReason.CAPACITY);

    assertThat(Page.of(registry))
        .contains(
            "llm_d_epp_flow_control_revocations_issued_total"
                + "{inference_pool=\"p\",priority=\"3\"} 0.0",
            "llm_d_epp_flow_control_revocations_total"
                + "{inference_pool=\"p\",outcome=\"confirmed\"} 0.0",
            "llm_d_epp_flow_control_revocations_total"
                + "{inference_pool=\"p\",outcome=\"timed_out\"} 0.0",
            "llm_d_epp_flow_control_reclaim_target{inference_pool=\"p\"} 0.0",
            "llm_d_epp_flow_control_pending_reclaim{inference_pool=\"p\"} 0.0",
            "llm_d_epp_flow_control_revocation_confirmation_seconds_bucket"
                + "{inference_pool=\"p\",le=\"0.005\"} 0",
            "llm_d_epp_flow_control_revocation_confirmation_seconds_count"
                + "{inference_pool=\"p\"} 0");
  }
}
