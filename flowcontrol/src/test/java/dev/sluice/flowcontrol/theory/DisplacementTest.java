package dev.sluice.flowcontrol.theory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The guarantees of displacement and of the dynamic threshold, after every event of a random load:
 * D1 nobody gives way to lower priority, and to equal priority only one request of whoever has more
 * for its weight and still has at least as much after it; D2 nobody is refused for the total limits
 * while those below could make room; D3 nobody gives way in vain; D4 a tenant or flow below its
 * share is never refused, and a tenant above it leaves room; D5 in a flow the last in its order
 * gives way; D6 no request is lost.
 */
final class DisplacementTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();
  private static final int OPERATIONS = 8_000;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void keepsItsGuaranteesInTheOrderOfArrival(long seed) {
    var shadow = run(config("fcfs", "list").build(), seed);

    assertThat(shadow.displaced()).as("seed %d", seed).isGreaterThan(100);
    assertThat(shadow.exchanged()).as("seed %d", seed).isGreaterThan(50);
    assertThat(shadow.refused()).as("seed %d", seed).isGreaterThan(100);
    assertThat(shadow.reservedTurns()).as("seed %d", seed).isPositive();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void keepsItsGuaranteesInTheOrderOfDeadlines(long seed) {
    var shadow = run(config("edf", "heap").build(), seed);

    assertThat(shadow.displaced()).as("seed %d", seed).isGreaterThan(100);
  }

  @Test
  void wouldLetAHogTakeTheQueueWithoutTheThreshold() {
    var config =
        config("fcfs", "list").queueAdmission(CATALOG.plugin(QueueAdmissionPolicy.class, "none"));

    assertThatThrownBy(() -> run(config.build(), 1))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("D4");
  }

  @Test
  void wouldRefuseWhoeverComesWithoutDisplacement() {
    var config = config("fcfs", "list").displacement(false);

    assertThatThrownBy(() -> run(config.build(), 1))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("D2");
  }

  @Test
  void wouldTakeTheFirstOfAFlowIfToldSo() {
    var head =
        Plugin.<IntraFlowDisplacementPolicy>of(
            "head",
            () ->
                new IntraFlowDisplacementPolicy() {
                  @Override
                  public @Nullable QueueItem victim(SafeQueue queue) {
                    return queue.head();
                  }

                  @Override
                  public Set<QueueCapability> requiredCapabilities() {
                    return Set.of();
                  }
                });

    assertThatThrownBy(() -> run(config("fcfs", "list").requestDisplacement(head).build(), 1))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("D5");
  }

  @Test
  void wouldTakeFromTheSmallestBacklogIfToldSo() {
    var smallest = Plugin.<InterFlowDisplacementPolicy>of("smallest", SmallestBacklog::new);

    assertThatThrownBy(() -> run(config("fcfs", "list").flowDisplacement(smallest).build(), 1))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("backlog");
  }

  private static DisplacementShadow run(FlowControlConfig config, long seed) {
    var shadow = new DisplacementShadow(config, seed);
    new EngineRun(config, seed, name -> name, shadow).run(OPERATIONS);
    return shadow;
  }

  private static FlowControlConfig.Builder config(String ordering, String queue) {
    return FlowControlConfig.builder()
        .maxRequests(24)
        .maxBytes(600)
        .defaultBand(
            BandConfig.DEFAULT
                .withLimits(18, 500)
                .withOrdering(
                    CATALOG.plugin(IntraFlowDispatchPolicy.class, ordering),
                    CATALOG.plugin(SafeQueue.class, queue)))
        .tenant("t0", new TenantConfig(2, 0, 0, 0, Map.of("f3", 3.0)))
        .detector(
            CATALOG.plugin(
                SaturationDetector.class,
                "concurrency",
                Map.<String, Object>of("maxConcurrency", 3)))
        .outputPredictor(CATALOG.plugin(OutputPredictor.class, "none"))
        .bandPolicy(CATALOG.plugin(BandPolicy.class, "strict-reserve"))
        .queueAdmission(CATALOG.plugin(QueueAdmissionPolicy.class, "dynamic-threshold"));
  }

  /** A mutant: the flow with the smallest backlog gives way. */
  private static final class SmallestBacklog implements InterFlowDisplacementPolicy {
    private final Set<FlowView> flows = new LinkedHashSet<>();

    @Override
    public void backlogChanged(FlowView flow) {
      if (flow.queuedRequests() > 0) {
        flows.add(flow);
      } else {
        flows.remove(flow);
      }
    }

    @Override
    public @Nullable FlowView victim() {
      return flows.stream()
          .min(Comparator.comparingDouble(flow -> flow.queuedCost() / flow.weight()))
          .orElse(null);
    }
  }
}
