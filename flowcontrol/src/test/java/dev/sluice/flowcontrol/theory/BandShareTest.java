package dev.sluice.flowcontrol.theory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.EngineInvariants;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The shares that bands get of an overloaded pool, and the requests that are shed, as the engine
 * asks its policies.
 */
final class BandShareTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();
  private static final int[] PRIORITIES = {10, 0, -10};

  private record Running(Permit permit, long tokens) {
    void end() {
      permit.complete(Usage.of(tokens, 0));
    }
  }

  private final FakeClock clock = new FakeClock();
  private final ArrayDeque<Running> running = new ArrayDeque<>();
  private final Map<Integer, Long> tokens = new HashMap<>();
  private final List<Admission.Evicted> evicted = new ArrayList<>();
  private int offered;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void servesWeightedBandsByTheirWeights(long seed) {
    var config = config("weighted");
    for (var i = 0; i < PRIORITIES.length; i++) {
      config.band(PRIORITIES[i], band(new BandConfig.Share(4 >> i, Double.NaN)));
    }

    overload(config.build(), seed);

    assertThat(share(10)).as("seed %d", seed).isBetween(4 / 7.0 - 0.01, 4 / 7.0 + 0.01);
    assertThat(share(0)).as("seed %d", seed).isBetween(2 / 7.0 - 0.01, 2 / 7.0 + 0.01);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void servesTheTopBandExceptForWhatIsReserved(long seed) {
    var config = config("strict-reserve");
    config.band(10, band(new BandConfig.Share(1, 0)));
    config.band(0, band(new BandConfig.Share(1, 0.1)));
    config.band(-10, band(BandConfig.Share.DEFAULT));

    overload(config.build(), seed);

    assertThat(share(0)).as("seed %d", seed).isBetween(0.095, 0.105);
    assertThat(share(-10)).as("a quarter of 5 %%, seed %d", seed).isBetween(0.0115, 0.0135);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void servesOnlyTheTopBandStrictly(long seed) {
    overload(config("strict").build(), seed);

    assertThat(share(10)).as("seed %d", seed).isEqualTo(1);
  }

  /** The band's model has no room while requests for other models find some on arrival. */
  @Test
  void givesABandNoCreditForTheTimeWithoutRoom() {
    var engine = engine(config("weighted").build());
    engine.poolChanged(pool("a", "b"));
    offer(engine, 0, "b", 10);
    for (var i = 0; i < 200; i++) {
      offer(engine, 0, "b", 10);
    }
    var blocking = running.removeFirst();
    for (var i = 0; i < 200; i++) {
      offer(engine, 10, "a", 10);
      running.removeFirst().end();
    }
    for (var i = 0; i < 200; i++) {
      offer(engine, 10, "b", 10);
    }
    tokens.clear();

    blocking.end();
    for (var i = 0; i < 99; i++) {
      running.removeFirst().end();
    }

    assertThat(share(0)).isBetween(0.48, 0.52);
    EngineInvariants.check(engine);
  }

  /** 1,000 tokens take a second to read, and the target is a second and a half away. */
  @Test
  void shedsWhatCanNoLongerMakeItsTargetInsteadOfServingIt() {
    var ordering =
        CATALOG.plugin(
            IntraFlowDispatchPolicy.class,
            "edf-feasible",
            Map.<String, Object>of("prefillTokensPerSecond", 1_000.0));
    var band = BandConfig.DEFAULT.withOrdering(ordering, CATALOG.plugin(SafeQueue.class, "heap"));
    var engine = engine(config("strict").defaultBand(band).build());
    engine.poolChanged(pool("a"));
    offer(engine, 0, "a", 10);
    offer(engine, 0, "a", 1_000);
    offer(engine, 0, "a", 500);

    clock.advance(Duration.ofMillis(600));
    running.removeFirst().end();
    assertThat(running).hasSize(1);
    running.removeFirst().end();

    assertThat(evicted).extracting(Admission.Evicted::reason).containsExactly(EvictReason.EXPIRED);
    assertThat(running).isEmpty();
    assertThat(tokens).containsEntry(0, 510L);
  }

  private void overload(FlowControlConfig config, long seed) {
    var random = new Random(seed);
    var engine = engine(config);
    engine.poolChanged(pool(""));
    for (var i = 0; i < 30; i++) {
      for (var priority : PRIORITIES) {
        offer(engine, priority, "", 1 + random.nextInt(1_000));
      }
    }
    tokens.clear();
    for (var i = 0; i < 10_000; i++) {
      running.removeFirst().end();
      for (var priority : PRIORITIES) {
        if (queued(engine, priority) < 20) {
          offer(engine, priority, "", 1 + random.nextInt(1_000));
        }
      }
    }
    EngineInvariants.check(engine);
  }

  private static int queued(FlowController engine, int priority) {
    return engine.view().bands().stream()
        .filter(band -> band.priority() == priority)
        .mapToInt(band -> (int) band.queuedRequests())
        .sum();
  }

  private double share(int priority) {
    var all = tokens.values().stream().mapToLong(Long::longValue).sum();
    return (double) tokens.getOrDefault(priority, 0L) / all;
  }

  private void offer(FlowController engine, int priority, String model, long inputTokens) {
    var request =
        FlowControlRequest.builder("r" + ++offered, new FlowKey("flow", priority))
            .inputTokens(inputTokens)
            .sloTarget(Duration.ofMillis(1_500))
            .eligibility(model.isEmpty() ? Eligibility.ANY : Eligibility.ofModel(model))
            .build();
    engine.enqueue(
        request,
        admission -> {
          if (admission instanceof Admission.Dispatched dispatched) {
            running.add(new Running(dispatched.permit(), inputTokens));
            tokens.merge(priority, inputTokens, Long::sum);
          } else if (admission instanceof Admission.Evicted gone) {
            evicted.add(gone);
          }
        });
  }

  private FlowController engine(FlowControlConfig config) {
    return FlowController.builder(config).timeSource(clock).build();
  }

  private static BandConfig band(BandConfig.Share share) {
    return BandConfig.DEFAULT.withShare(share);
  }

  /** A pool with one endpoint for each model. */
  private static PoolSnapshot pool(String... models) {
    var endpoints = new ArrayList<EndpointState>();
    for (var model : models) {
      endpoints.add(
          new EndpointState(
              "endpoint-" + model,
              model.isEmpty() ? Set.of() : Set.of(model),
              Set.of(),
              true,
              0,
              0,
              0,
              0,
              0,
              1.0,
              EndpointState.NEVER_SAMPLED));
    }
    return new PoolSnapshot(endpoints);
  }

  private static FlowControlConfig.Builder config(String bands) {
    Plugin<BandPolicy> policy = CATALOG.plugin(BandPolicy.class, bands);
    return FlowControlConfig.builder()
        .bandPolicy(policy)
        .detector(
            CATALOG.plugin(
                SaturationDetector.class,
                "concurrency",
                Map.<String, Object>of("maxConcurrency", 1)))
        .outputPredictor(CATALOG.plugin(OutputPredictor.class, "none"));
  }
}
