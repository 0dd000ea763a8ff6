package dev.sluice.observability.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.flowcontrol.types.RejectReason;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.List;
import org.junit.jupiter.api.Test;

final class EngineMetricsTest {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final EngineMetrics metrics = new EngineMetrics(registry, "p");
  private final FlowControlRequest request =
      FlowControlRequest.builder("r", new FlowKey("t", 3)).sizeBytes(7).build();

  @Test
  void showsHowLongDecisionsAndOffersTake() {
    metrics.decided(150_000);
    metrics.offered(request, QueueOutcome.NOT_YET_FINALIZED, 3_000_000);

    for (var prefix : List.of("llm_d_epp_", "inference_extension_")) {
      var cycle = prefix + "flow_control_dispatch_cycle_duration_seconds";
      var enqueue = prefix + "flow_control_request_enqueue_duration_seconds";
      var labels = "fairness_id=\"t\",outcome=\"NotYetFinalized\",priority=\"3\"";
      assertThat(Page.of(registry))
          .contains(
              cycle + "_bucket{le=\"1.0E-4\"} 0",
              cycle + "_bucket{le=\"2.0E-4\"} 1",
              cycle + "_bucket{le=\"0.1\"} 1",
              cycle + "_sum 1.5E-4",
              enqueue + "_bucket{" + labels + ",le=\"0.002\"} 0",
              enqueue + "_bucket{" + labels + ",le=\"0.005\"} 1",
              enqueue + "_sum{" + labels + "} 0.003");
    }
  }

  @Test
  void countsQueuesAndOutcomesUnderUpstreamsNames() {
    var ofModel =
        FlowControlRequest.builder("m", new FlowKey("t", 3))
            .sizeBytes(7)
            .eligibility(Eligibility.ofModel("sim"))
            .build();
    metrics.queued(1, 0, ofModel);
    metrics.queued(2, 0, ofModel);
    metrics.queued(3, 0, ofModel);
    metrics.dispatched(4, 0, ofModel, 20_000_000, true, false);
    metrics.evicted(5, 0, ofModel, EvictReason.DISPLACED, 2_000_000_000);
    metrics.rejected(6, 0, ofModel, RejectReason.FLOW_LIMIT);

    var models = "model_name=\"sim\"";
    var target = "target_model_name=\"sim\"";
    for (var prefix : List.of("llm_d_epp_", "inference_extension_")) {
      var gauge = "fairness_id=\"t\",inference_pool=\"p\"," + models + ",priority=\"3\"," + target;
      var waited = prefix + "flow_control_request_queue_duration_seconds";
      var labels =
          "fairness_id=\"t\",inference_pool=\"p\","
              + models
              + ",outcome=\"%s\",priority=\"3\","
              + target;
      assertThat(Page.of(registry))
          .contains(
              prefix + "flow_control_queue_size{" + gauge + "} 1.0",
              prefix + "flow_control_queue_bytes{" + gauge + "} 7.0",
              waited + "_bucket{" + labels.formatted("Dispatched") + ",le=\"0.01\"} 0",
              waited + "_bucket{" + labels.formatted("Dispatched") + ",le=\"0.025\"} 1",
              waited + "_bucket{" + labels.formatted("EvictedDisplaced") + ",le=\"1.0\"} 0",
              waited + "_bucket{" + labels.formatted("EvictedDisplaced") + ",le=\"2.5\"} 1",
              waited + "_sum{" + labels.formatted("EvictedDisplaced") + "} 2.0");
    }
    for (var outcome : List.of("Dispatched", "EvictedDisplaced", "RejectedFlowLimit")) {
      assertThat(Page.of(registry))
          .contains(
              "llm_d_epp_flow_control_requests_total{inference_pool=\"p\",outcome=\""
                  + outcome
                  + "\",priority=\"3\"} 1.0");
    }
  }

  @Test
  void forgetsTheSeriesOfACollectedFlow() {
    metrics.rejected(1, 0, request, RejectReason.CAPACITY);
    metrics.offered(request, QueueOutcome.REJECTED_CAPACITY, 1);
    assertThat(Page.of(registry)).anyMatch(line -> line.contains("fairness_id=\"t\""));

    metrics.flowCollected(2, 0, request.flow());

    assertThat(Page.of(registry)).noneMatch(line -> line.contains("fairness_id=\"t\""));
  }

  @Test
  void isToldTimingsByTheEngine() {
    try (var engine =
        FlowController.builder(FlowControlConfig.defaults()).observer(metrics).build()) {
      engine.enqueue(request, decided -> {});

      assertThat(Page.of(registry))
          .contains("llm_d_epp_flow_control_dispatch_cycle_duration_seconds_count 1");
    }
  }

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
