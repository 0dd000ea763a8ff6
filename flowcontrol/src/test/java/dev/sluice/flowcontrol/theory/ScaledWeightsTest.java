package dev.sluice.flowcontrol.theory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Only ratios of weights count: scaling the weights of all tenants and flows changes no decision on
 * who joins the queue and who gives way. The fairness policy is one without weights, because {@code
 * virtual-token} rounds what it charges.
 */
final class ScaledWeightsTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();
  private static final int OPERATIONS = 6_000;

  @ParameterizedTest
  @CsvSource({"1, 100", "1, 0.01", "2, 3", "3, 1e9", "4, 1e-9", "5, 0.7"})
  void scalingAllWeightsChangesNoDecision(long seed, double scale) {
    var log = log(config("dynamic-threshold", scale), seed);

    assertThat(log).anyMatch(line -> line.startsWith("DISPLACED"));
    assertThat(log).isEqualTo(log(config("dynamic-threshold", 1), seed));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void changingOneWeightChangesDecisions(long seed) {
    var changed =
        config("dynamic-threshold", 1).toBuilder()
            .tenant("t2", new TenantConfig(8, 0, 0, 0))
            .build();

    assertThat(log(changed, seed)).isNotEqualTo(log(config("dynamic-threshold", 1), seed));
  }

  private static FlowControlConfig config(String admission, double scale) {
    return FlowControlConfig.builder()
        .maxRequests(24)
        .maxBytes(600)
        .defaultBand(
            BandConfig.DEFAULT
                .withLimits(18, 500)
                .withFairness(CATALOG.plugin(InterFlowDispatchPolicy.class, "round-robin")))
        .tenant("t0", tenant(2 * scale, "f0", scale, "f3", 4 * scale))
        .tenant("t1", tenant(scale, "f1", 2 * scale, "f4", scale))
        .tenant("t2", tenant(scale / 2, "f2", scale, "f5", scale))
        .detector(concurrency())
        .queueAdmission(CATALOG.plugin(QueueAdmissionPolicy.class, admission))
        .build();
  }

  private static TenantConfig tenant(double weight, String a, double ofA, String b, double ofB) {
    return new TenantConfig(weight, 0, 0, 0, Map.of(a, ofA, b, ofB));
  }

  private static Plugin<SaturationDetector> concurrency() {
    return CATALOG.plugin(
        SaturationDetector.class, "concurrency", Map.<String, Object>of("maxConcurrency", 3));
  }

  private static List<String> log(FlowControlConfig config, long seed) {
    var log = new ArrayList<String>();
    var listener =
        new EngineRun.Listener() {
          @Override
          public void offering(FlowControlRequest request) {}

          @Override
          public void done(List<EngineRun.Event> events, FlowController engine) {
            for (var event : events) {
              log.add(event.what() + " " + event.request().id());
            }
          }
        };
    new EngineRun(config, seed, name -> name, listener).run(OPERATIONS);
    return log;
  }
}
