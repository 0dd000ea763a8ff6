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
import dev.sluice.flowcontrol.types.Usage;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
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
  void countsWhatRunsAndWhatItUsedOverAllModels() {
    for (var model : List.of("a", "b")) {
      var ofModel =
          FlowControlRequest.builder(model, new FlowKey("t", 3))
              .eligibility(Eligibility.ofModel(model))
              .build();
      metrics.dispatched(1, 0, ofModel, 0, false, false);
      metrics.dispatched(2, 0, ofModel, 0, false, false);
      metrics.returned(3, 0, ofModel, Usage.of(10, 7), 5, false);
    }

    var labels = "fairness_id=\"t\",inference_pool=\"p\"";
    assertThat(Page.of(registry))
        .contains(
            "sluice_flow_control_running_requests{" + labels + ",priority=\"3\"} 2.0",
            "sluice_flow_control_tokens_total{" + labels + ",kind=\"input\",priority=\"3\"} 20.0",
            "sluice_flow_control_tokens_total{" + labels + ",kind=\"output\",priority=\"3\"} 14.0");
  }

  @Test
  void keepsTheOutcomesOfCollectedFlows() {
    for (var i = 0; i < 3; i++) {
      metrics.dispatched(1, 0, request, 0, false, false);
      metrics.rejected(1, 0, request, RejectReason.CAPACITY);
      metrics.flowCollected(2, 0, request.flow());
    }
    metrics.dispatched(1, 0, request, 0, false, false);

    var labels = "{inference_pool=\"p\",outcome=\"%s\",priority=\"3\"} ";
    assertThat(Page.of(registry))
        .contains(
            "llm_d_epp_flow_control_requests_total" + labels.formatted("Dispatched") + "4.0",
            "llm_d_epp_flow_control_requests_total" + labels.formatted("RejectedCapacity") + "3.0",
            "llm_d_epp_flow_control_requests_total" + labels.formatted("EvictedTTL") + "0.0");
  }

  @Test
  void sharesSeriesAmongFlowsBeyondTheLimit() {
    for (var i = 0; i < 1_003; i++) {
      metrics.queued(1, 0, FlowControlRequest.builder("r", new FlowKey("t" + i, 3)).build());
    }
    var beyond = new FlowKey("t1002", 3);
    metrics.flowCollected(2, 0, beyond);

    var labels =
        "{fairness_id=\"%s\",inference_pool=\"p\",model_name=\"\",priority=\"3\",target_model_name=\"\"} ";
    assertThat(Page.of(registry))
        .contains(
            "llm_d_epp_flow_control_queue_size" + labels.formatted("t999") + "1.0",
            "llm_d_epp_flow_control_queue_size" + labels.formatted("other") + "3.0")
        .noneMatch(line -> line.contains("t1000"));
  }

  @Test
  void freesALabelWithItsFlow() {
    for (var round = 0; round < 3; round++) {
      for (var i = 0; i < 1_200; i++) {
        var flow = new FlowKey("t" + round + "-" + i, 3);
        metrics.queued(1, 0, FlowControlRequest.builder("r", flow).build());
      }
      for (var i = 0; i < 1_200; i++) {
        metrics.flowCollected(2, 0, new FlowKey("t" + round + "-" + i, 3));
      }
    }
    assertThat(Page.of(registry)).noneMatch(line -> line.contains("fairness_id"));

    metrics.queued(1, 0, FlowControlRequest.builder("r", new FlowKey("late", 3)).build());

    assertThat(Page.of(registry)).anyMatch(line -> line.contains("fairness_id=\"late\""));
  }

  @Test
  void inventedModelsShareSeriesAndAreFreedWithTheirFlow() {
    for (var i = 0; i < 20_000; i++) {
      metrics.queued(1, 0, ofModel("t" + i % 50, "invented-" + i));
    }

    assertThat(
            Page.of(registry).stream()
                .filter(line -> line.startsWith("llm_d_epp_flow_control_queue_size")))
        .hasSizeLessThan(2_200);
    assertThat(
            Page.of(registry).stream()
                .map(line -> line.replaceAll(".*,model_name=\"([^\"]*)\".*", "$1"))
                .filter(model -> model.startsWith("invented-"))
                .distinct())
        .hasSize(100);
    for (var i = 0; i < 50; i++) {
      metrics.flowCollected(2, 0, new FlowKey("t" + i, 3));
    }
    metrics.queued(1, 0, ofModel("u", "real"));
    assertThat(Page.of(registry)).anyMatch(line -> line.contains("model_name=\"real\""));
  }

  private static FlowControlRequest ofModel(String tenant, String model) {
    return FlowControlRequest.builder("r", new FlowKey(tenant, 3))
        .eligibility(Eligibility.ofModel(model))
        .build();
  }

  @Test
  void countsWhatManyThreadsTellIt() throws InterruptedException {
    var threads = new ArrayList<Thread>();
    for (var i = 0; i < 4; i++) {
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                for (var j = 0; j < 10_000; j++) {
                  metrics.queued(1, 0, request);
                  metrics.evicted(2, 0, request, EvictReason.CANCELLED, 1_000_000);
                }
              }));
    }
    for (var thread : threads) {
      thread.join();
    }

    var labels =
        "fairness_id=\"t\",inference_pool=\"p\",model_name=\"\",%spriority=\"3\",target_model_name=\"\"";
    var waited = "llm_d_epp_flow_control_request_queue_duration_seconds";
    var cancelled = labels.formatted("outcome=\"EvictedContextCancelled\",");
    assertThat(Page.of(registry))
        .contains(
            "llm_d_epp_flow_control_queue_size{" + labels.formatted("") + "} 0.0",
            "llm_d_epp_flow_control_queue_bytes{" + labels.formatted("") + "} 0.0",
            waited + "_bucket{" + cancelled + ",le=\"5.0E-4\"} 0",
            waited + "_bucket{" + cancelled + ",le=\"0.001\"} 40000",
            waited + "_sum{" + cancelled + "} 40.0");
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
