package dev.sluice.flowcontrol.theory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.theory.StartTagTwin.Without;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The same inputs give the same decisions: twice, under other names, and whether or not idle flows
 * are forgotten.
 */
final class RepeatabilityTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();
  private static final Plugin<InterFlowDispatchPolicy> VIRTUAL_TOKEN =
      CATALOG.plugin(InterFlowDispatchPolicy.class, "virtual-token");
  private static final Duration NEVER = Duration.ofDays(300);
  private static final int OPERATIONS = 10_000;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void decidesTheSameTwice(long seed) {
    var log = log(config(VIRTUAL_TOKEN, NEVER), seed, name -> name);

    assertThat(log).hasSizeGreaterThan(OPERATIONS / 2).anyMatch(line -> line.startsWith("DISPL"));
    assertThat(log(config(VIRTUAL_TOKEN, NEVER), seed, name -> name))
        .as("seed %d", seed)
        .isEqualTo(log);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void decidesTheSameWhateverFlowsAreCalled(long seed) {
    assertThat(log(config(VIRTUAL_TOKEN, NEVER), seed, RepeatabilityTest::mirrored))
        .as("seed %d", seed)
        .isEqualTo(log(config(VIRTUAL_TOKEN, NEVER), seed, name -> name));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void wouldDecideByNamesIfTiesDid(long seed) {
    var byName = config(twin(Without.TIES_BY_SEQUENCE), NEVER);

    assertThat(log(byName, seed, RepeatabilityTest::mirrored))
        .as("seed %d", seed)
        .isNotEqualTo(log(byName, seed, name -> name));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void decidesTheSameWhetherIdleFlowsAreForgottenOrNot(long seed) {
    var forgets = config(VIRTUAL_TOKEN, Duration.ofMillis(1));
    var keeps = config(VIRTUAL_TOKEN, NEVER);

    assertThat(log(forgets, seed, name -> name))
        .as("seed %d", seed)
        .isEqualTo(log(keeps, seed, name -> name));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void wouldDecideOtherwiseIfDebtWereForgotten(long seed) {
    var forgets = config(twin(Without.MEMORY_OF_DEBT), Duration.ofMillis(1));
    var keeps = config(twin(Without.MEMORY_OF_DEBT), NEVER);

    assertThat(log(forgets, seed, name -> name))
        .as("seed %d", seed)
        .isNotEqualTo(log(keeps, seed, name -> name));
  }

  private static String mirrored(String name) {
    return name.charAt(0) + Integer.toString(9 - (name.charAt(1) - '0'));
  }

  private static Plugin<InterFlowDispatchPolicy> twin(Without rule) {
    return Plugin.of("twin", () -> new StartTagTwin(rule));
  }

  private static FlowControlConfig config(
      Plugin<InterFlowDispatchPolicy> fairness, Duration flowIdleTimeout) {
    return FlowControlConfig.builder()
        .maxRequests(24)
        .maxBytes(900)
        .defaultBand(BandConfig.DEFAULT.withLimits(16, 600).withFairness(fairness))
        .detector(
            CATALOG.plugin(
                SaturationDetector.class,
                "concurrency",
                Map.<String, Object>of("maxConcurrency", 3)))
        .bandPolicy(CATALOG.plugin(BandPolicy.class, "strict-reserve"))
        .queueAdmission(CATALOG.plugin(QueueAdmissionPolicy.class, "dynamic-threshold"))
        .flowIdleTimeout(flowIdleTimeout)
        .bandIdleTimeout(NEVER)
        .build();
  }

  /** The decisions, with requests named by number. */
  private static List<String> log(
      FlowControlConfig config, long seed, UnaryOperator<String> names) {
    var log = new ArrayList<String>();
    var listener =
        new EngineRun.Listener() {
          @Override
          public void offering(FlowControlRequest request) {}

          @Override
          public void done(List<EngineRun.Event> events, FlowController engine) {
            for (var event : events) {
              log.add(event.what() + " " + event.request().id() + " " + event.reservedTurn());
            }
          }
        };
    new EngineRun(config, seed, names, listener).run(OPERATIONS);
    return log;
  }
}
