package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A caller's mistake, or a failure in the core, reaches the caller who made it and no other. */
@Timeout(60)
@NullUnmarked // passes nulls on purpose
final class BorderTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();
  private static final Duration FOREVER = ChronoUnit.FOREVER.getDuration();

  private final FakeClock clock = new FakeClock();
  private final HeldEngine gate = new HeldEngine();
  private final List<EngineObserver.Source> failed = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private final List<Admission> outcomes = new ArrayList<>();
  private final FlowControlConfig config =
      FlowControlConfig.builder()
          .detector(gate.detector())
          .costModel(Plugin.<CostModel>of("poison", Poison::new))
          .maxRequests(100)
          .build();
  private final FlowController engine =
      FlowController.builder(config)
          .timeSource(clock)
          .observer(
              new EngineObserver() {
                @Override
                public void failed(Source source, Throwable cause) {
                  failed.add(source);
                }

                @Override
                public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
                  faults.add(plugin);
                }
              })
          .build();

  BorderTest() {
    engine.poolChanged(PoolSnapshot.of("e"));
  }

  @AfterEach
  void isAsGoodAsNew() {
    gate.room = Integer.MAX_VALUE;
    engine.poolChanged(PoolSnapshot.of("e"));
    var last = new ArrayList<Admission>();
    engine.enqueue(request("last"), last::add);
    assertThat(last).singleElement().isInstanceOf(Admission.Dispatched.class);
    engine.checkInvariants();
    engine.close();
  }

  // Arguments

  @Test
  void nullsAreRefusedBeforeTheLock() throws InterruptedException {
    engine.enqueue(request("a"), outcomes::add);
    var permit = ((Admission.Dispatched) outcomes.get(0)).permit();

    gate.hold(engine); // whoever took the null in would hand it to the holder
    try {
      assertThatThrownBy(() -> permit.bind(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> permit.progress(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> permit.complete(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> engine.enqueue(request("b"), null))
          .isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> engine.enqueue(null, outcomes::add))
          .isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> engine.enqueue(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> engine.enqueueAndWait(null))
          .isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> engine.poolChanged(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> engine.reconfigure(null)).isInstanceOf(NullPointerException.class);
      assertThatThrownBy(() -> engine.shutdown(null)).isInstanceOf(NullPointerException.class);
    } finally {
      gate.release();
    }

    assertThat(failed).isEmpty();
    assertThat(engine.view().runningRequests()).isOne();
    permit.close();
  }

  @Test
  void aRequestHasNoNulls() {
    var builder = FlowControlRequest.builder("a", new FlowKey("t", 0));
    assertThatThrownBy(() -> builder.eligibility(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.tenant(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> builder.attributes(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> FlowControlRequest.builder(null, new FlowKey("t", 0)))
        .isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> FlowControlRequest.builder("a", null))
        .isInstanceOf(NullPointerException.class);
  }

  static Stream<UnaryOperator<FlowControlConfig.Builder>> longDurations() {
    return Stream.of(
        b -> b.defaultTtl(FOREVER),
        b -> b.noEndpointTtl(FOREVER),
        b -> b.maxRequestDuration(FOREVER),
        b -> b.flowIdleTimeout(Duration.ofMinutes(1)).bandIdleTimeout(FOREVER),
        b -> b.flowIdleTimeout(FOREVER).bandIdleTimeout(FOREVER),
        b -> b.band(0, BandConfig.DEFAULT.withTimeToLive(FOREVER)),
        b -> b.band(0, BandConfig.DEFAULT.withPromotion(new BandConfig.Promotion(1, FOREVER))));
  }

  @ParameterizedTest
  @MethodSource("longDurations")
  void durationsWithoutEndAreAsGoodAsAny(UnaryOperator<FlowControlConfig.Builder> change) {
    engine.reconfigure(change.apply(config.toBuilder()).build());
    gate.room = 0;
    engine.enqueue(request("a"), outcomes::add);
    engine.enqueue(request("b"), outcomes::add);
    clock.advance(Duration.ofSeconds(30));
    assertThat(outcomes).isEmpty();

    gate.room = 2;
    engine.poolChanged(PoolSnapshot.of("e"));

    assertThat(outcomes).hasSize(2).allMatch(Admission.Dispatched.class::isInstance);
    assertThat(failed).isEmpty();
  }

  @Test
  void aRequestMayHaveAllTheTimeInTheWorld() {
    gate.room = 0;
    engine.enqueue(
        FlowControlRequest.builder("a", new FlowKey("t", 0))
            .timeToLive(FOREVER)
            .sloTarget(FOREVER)
            .build(),
        outcomes::add);
    clock.advance(Duration.ofDays(400));

    assertThat(outcomes).isEmpty();
  }

  @Test
  void aDrainMayLastForEver() {
    var other =
        FlowController.builder(
                config.toBuilder()
                    .detector(CATALOG.plugin(SaturationDetector.class, "concurrency"))
                    .build())
            .timeSource(clock)
            .build();
    other.enqueue(request("a"), outcomes::add);

    var drained = other.shutdown(FOREVER);

    assertThat(outcomes).isEmpty();
    assertThat(drained).isNotDone();
    var unused = other.shutdown(Duration.ZERO);
    assertThat(drained).isDone();
    assertThat(outcomes).singleElement().isInstanceOf(Admission.Evicted.class);
    other.close();
  }

  // Failures under the lock

  @Test
  void aFailureOfTheCoreReachesTheCallerWhoseOperationItWas() {
    gate.room = 0;
    engine.enqueue(request("waits"), outcomes::add);
    gate.room = 1;

    // Time passes, so the one that waits could have gone: it is delivered all the same.
    assertThatThrownBy(() -> engine.enqueue(request("poison"), outcomes::add))
        .isInstanceOf(OutOfMemoryError.class);
    assertThatThrownBy(() -> engine.enqueueAndWait(request("poison")))
        .isInstanceOf(OutOfMemoryError.class);

    engine.poolChanged(PoolSnapshot.of("e"));
    assertThat(outcomes).singleElement().isInstanceOf(Admission.Dispatched.class);
    assertThat(failed).as("its caller knows").isEmpty();
  }

  @Test
  void aFailureOfAnOperationLeftToOthersReachesNoInnocentCaller() throws Exception {
    var poisoned = new ArrayList<Admission>();
    gate.hold(engine);
    engine.enqueue(request("before"), outcomes::add);
    engine.enqueue(request("poison"), poisoned::add);
    engine.enqueue(request("after"), outcomes::add);
    assertThat(outcomes).isEmpty();

    gate.release(); // asserts that the holder ends

    assertThat(outcomes).hasSize(2).allMatch(Admission.Dispatched.class::isInstance);
    assertThat(poisoned)
        .singleElement()
        .isInstanceOfSatisfying(
            Admission.Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(RejectReason.OTHER));
    assertThat(failed).containsExactly(EngineObserver.Source.OPERATION);
  }

  // Plugins that cannot be made

  static Stream<UnaryOperator<FlowControlConfig.Builder>> unmakeable() {
    return Stream.of(
        b -> b.detector(Unmakeable.plugin(SaturationDetector.class, 0)),
        b ->
            b.detector(
                Plugin.of(
                    "no gate",
                    () ->
                        () -> {
                          throw new AssertionError("no gate");
                        })),
        b -> b.bandPolicy(Unmakeable.plugin(BandPolicy.class, 0)),
        b -> b.costModel(Unmakeable.plugin(CostModel.class, 0)),
        b -> b.flowDisplacement(Unmakeable.plugin(InterFlowDisplacementPolicy.class, 0)),
        b ->
            b.defaultBand(
                BandConfig.DEFAULT.withFairness(
                    Unmakeable.plugin(InterFlowDispatchPolicy.class, 0))),
        b ->
            b.band(
                7,
                BandConfig.DEFAULT.withFairness(
                    Unmakeable.plugin(InterFlowDispatchPolicy.class, 0))));
  }

  @ParameterizedTest
  @MethodSource("unmakeable")
  void aReconfigurationThatFailsChangesNothing(UnaryOperator<FlowControlConfig.Builder> change) {
    gate.room = 0;
    engine.enqueue(request("a"), outcomes::add);
    engine.enqueue(request("b"), outcomes::add);
    var before = engine.view();
    var wanted = change.apply(config.toBuilder().maxRequests(1).costModel(config.costModel()));

    assertThatThrownBy(() -> engine.reconfigure(wanted.build())).isInstanceOf(AssertionError.class);

    assertThat(engine.view()).isEqualTo(before);
    assertThat(outcomes).isEmpty();
    gate.room = 2;
    engine.poolChanged(PoolSnapshot.of("e"));
    assertThat(outcomes).hasSize(2).allMatch(Admission.Dispatched.class::isInstance);
  }

  static Stream<UnaryOperator<BandConfig>> unmakeableLater() {
    var ordering = CATALOG.plugin(IntraFlowDispatchPolicy.class, "fcfs");
    var queue = CATALOG.plugin(SafeQueue.class, "list");
    return Stream.of(
        band -> band.withFairness(Unmakeable.plugin(InterFlowDispatchPolicy.class, 3)),
        band -> band.withOrdering(ordering, Unmakeable.plugin(SafeQueue.class, 5)),
        band -> band.withOrdering(Unmakeable.plugin(IntraFlowDispatchPolicy.class, 3), queue));
  }

  /** The configuration is fine; the plugin fails when a new flow needs an object of its own. */
  @ParameterizedTest
  @MethodSource("unmakeableLater")
  void aPluginThatCannotBeMadeForANewFlowIsNamed(UnaryOperator<BandConfig> change) {
    engine.reconfigure(config.toBuilder().defaultBand(change.apply(BandConfig.DEFAULT)).build());
    gate.room = 0;

    for (var i = 0; i < 5; i++) {
      for (var priority = 1; priority < 4; priority++) {
        var offered = FlowControlRequest.builder("r", new FlowKey("flow-" + i, priority)).build();
        assertThatCode(() -> engine.enqueue(offered, outcomes::add)).doesNotThrowAnyException();
      }
    }

    gate.room = Integer.MAX_VALUE;
    engine.poolChanged(PoolSnapshot.of("e"));
    assertThat(outcomes).hasSize(15);
    assertThat(faults).contains("unmakeable");
  }

  private static FlowControlRequest request(String id) {
    return FlowControlRequest.builder(id, new FlowKey("t", 0)).build();
  }

  /** A model that ends the process's patience at one request. */
  private static final class Poison implements CostModel {
    @Override
    public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
      if (request.id().equals("poison")) {
        throw new OutOfMemoryError("not really");
      }
      return 1;
    }

    @Override
    public long actual(Usage usage) {
      return 1;
    }
  }

  /** Makes the built-in plugin a few times, and then fails. */
  private static final class Unmakeable {
    static <T> Plugin<T> plugin(Class<T> kind, int times) {
      var made = new int[1];
      return Plugin.of(
          "unmakeable",
          () -> {
            if (made[0]++ >= times) {
              throw new AssertionError("unmakeable");
            }
            return CATALOG.plugin(kind, builtIn(kind)).create();
          });
    }

    private static String builtIn(Class<?> kind) {
      return switch (kind.getSimpleName()) {
        case "InterFlowDispatchPolicy" -> "round-robin";
        case "IntraFlowDispatchPolicy" -> "fcfs";
        default -> "list";
      };
    }
  }
}
