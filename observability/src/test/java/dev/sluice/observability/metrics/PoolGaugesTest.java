package dev.sluice.observability.metrics;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class PoolGaugesTest {
  private final PrometheusRegistry registry = new PrometheusRegistry();
  private final AtomicInteger views = new AtomicInteger();
  private final FlowController controller =
      FlowController.create(
          FlowControlConfig.builder()
              .maxRequests(10)
              .maxBytes(0)
              .band(3, BandConfig.DEFAULT.withLimits(4, 1_000))
              .build());

  @AfterEach
  void close() {
    controller.close();
  }

  private Stream<String> page() {
    return Page.of(registry).stream().filter(line -> !line.startsWith("#"));
  }

  private void register() {
    PoolGauges.register(
        registry,
        "p",
        () -> {
          views.incrementAndGet();
          return controller.view();
        });
  }

  private void queue(String id) {
    controller.enqueue(
        FlowControlRequest.builder(id, new FlowKey("t", 3)).sizeBytes(100).build(), decided -> {});
  }

  @Test
  void showsHowFullQueuesAre() {
    register();
    queue("a");
    queue("b");

    assertThat(page())
        .contains(
            "llm_d_epp_flow_control_capacity_utilization_requests"
                + "{inference_pool=\"p\",priority=\"3\"} 0.5",
            "llm_d_epp_flow_control_capacity_utilization_bytes"
                + "{inference_pool=\"p\",priority=\"3\"} 0.2",
            "llm_d_epp_flow_control_global_capacity_utilization_requests"
                + "{inference_pool=\"p\"} 0.2")
        .as("there is no total limit on bytes")
        .noneMatch(line -> line.startsWith("llm_d_epp_flow_control_global_capacity_utilization_b"));
  }

  @Test
  void countsEndpointsWithoutARoleForTheStageDecode() {
    register();
    var decode = "flow_control_pool_saturation{inference_pool=\"p\",stage=\"decode\"} ";
    var effective = "flow_control_pool_saturation{inference_pool=\"p\",stage=\"effective\"} ";

    assertThat(page())
        .contains("llm_d_epp_" + effective + "1.0")
        .as("without an endpoint there is no stage \"decode\"")
        .noneMatch(line -> line.contains("stage=\"decode\""));

    controller.poolChanged(PoolSnapshot.of("e"));

    assertThat(page())
        .contains(
            "llm_d_epp_" + effective + "0.0",
            "llm_d_epp_" + decode + "0.0",
            "inference_extension_" + effective + "0.0",
            "inference_extension_" + decode + "0.0")
        .noneMatch(line -> line.contains("prefill"));
  }

  @Test
  void asksTheEngineOncePerScrape() {
    register();

    Page.of(registry);

    assertThat(views).hasValue(1);
  }

  @Test
  void countsHealthyEndpointsWhoseSampleIsTooOld() {
    var now = 5_000L;
    StaleEndpoints.register(
        registry,
        "utilization",
        Duration.ofNanos(100),
        () ->
            new PoolSnapshot(
                Stream.of(
                        sampled("fresh", true, now - 100),
                        sampled("old", true, now - 101),
                        sampled("never", true, EndpointState.NEVER_SAMPLED),
                        sampled("gone", false, now - 101))
                    .toList()),
        () -> now);

    assertThat(page())
        .containsExactly("llm_d_epp_flow_control_stale_endpoints{detector=\"utilization\"} 2.0");
  }

  private static EndpointState sampled(String id, boolean healthy, long atNanos) {
    return new EndpointState(id, Set.of(), Set.of(), healthy, 0, 0, 0.0, 0, 0, 1.0, atNanos);
  }
}
