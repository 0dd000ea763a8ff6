package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Proxy;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Each method of each plugin throws, always or now and then, while requests of three priorities
 * come, wait, give way, run, are corrected, expire and are cancelled, and while the pool and the
 * configuration change. No caller sees the exception, every request gets exactly one outcome, the
 * plugin is named, and in the end the engine is empty.
 */
class EveryPluginCallMayFailTest {
  private static final String FAULTY = "faulty";
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  /**
   * Methods that describe the plugin are called when the configuration is read, before there is an
   * engine.
   */
  private static final Set<String> SELF_DESCRIPTION =
      Set.of("capabilities", "requiredCapabilities");

  /**
   * One call that fails.
   *
   * @param period every {@code period}th call of the method throws
   */
  record Fault(Class<?> type, String method, int period) {
    @Override
    public String toString() {
      return type.getSimpleName() + "." + method + " each " + period;
    }
  }

  private final FakeClock clock = new FakeClock();
  private final List<List<Admission>> outcomes = new ArrayList<>();
  private final ArrayDeque<Permit> permits = new ArrayDeque<>();
  private final List<String> faults = new ArrayList<>();
  private boolean armed;
  private int calls;
  private int thrown;

  static Stream<Fault> faults() {
    return Stream.of(
            BandPolicy.class,
            CapacityGate.class,
            CostModel.class,
            InterFlowDispatchPolicy.class,
            InterFlowDisplacementPolicy.class,
            IntraFlowDispatchPolicy.class,
            IntraFlowDisplacementPolicy.class,
            OutputPredictor.class,
            QueueAdmissionPolicy.class,
            SafeQueue.class,
            UsageLimitPolicy.class)
        .flatMap(type ->
            Arrays.stream(type.getMethods())
                .filter(method -> !Modifier.isStatic(method.getModifiers()))
                .map(Method::getName)
                .filter(name -> !SELF_DESCRIPTION.contains(name))
                .distinct()
                .sorted()
                .flatMap(
                    name -> IntStream.of(1, 3).mapToObj(period -> new Fault(type, name, period))));
  }

  @ParameterizedTest
  @MethodSource("faults")
  void aFaultCostsNobodyTheirOutcomeAndLeavesNothingBehind(Fault fault) {
    var config = config(fault);
    var engine =
        FlowController.builder(config)
            .timeSource(clock)
            .observer(
                new EngineObserver() {
                  @Override
                  public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
                    faults.add(plugin);
                  }
                })
            .build();
    armed = true;

    run(engine, config);

    engine.close();
    clock.advance(Duration.ofHours(1));
    assertThat(outcomes).allSatisfy(outcome -> assertThat(outcome).hasSize(1));
    assertThat(engine.view().queuedRequests()).isZero();
    assertThat(engine.view().queuedBytes()).isZero();
    assertThat(engine.view().runningRequests()).isZero();
    armed = false;
    engine.checkInvariants();
    if (thrown > 0) {
      // A displacement policy reads the queue itself, so it is named for exceptions of the queue.
      assertThat(faults).containsAnyOf(FAULTY, fault.type == SafeQueue.class ? "tail" : FAULTY);
    }
  }

  private void run(FlowController engine, FlowControlConfig config) {
    engine.poolChanged(PoolSnapshot.of("e", "f"));
    for (var round = 0; round < 8; round++) {
      for (var flow : List.of("a", "b", "c")) {
        offer(engine, flow, -1, Eligibility.ANY);
        offer(engine, flow, 0, round % 2 == 0 ? Eligibility.ANY : Eligibility.ofModel("m"));
      }
      var given = offer(engine, "d", 5, Eligibility.ANY);
      finishOne();
      given.cancel();
      offer(engine, "e", 5, Eligibility.ANY);
      clock.advance(Duration.ofMillis(700));
      finishOne();
      finishOne();
      switch (round) {
        case 2 -> engine.reconfigure(config.toBuilder().maxRequests(9).build());
        case 3 -> engine.poolChanged(PoolSnapshot.of("f"));
        case 4 -> {
          engine.reconfigure(otherPlugins(config));
          engine.reconfigure(config);
        }
        case 5 -> clock.advance(Duration.ofMinutes(20)); // all expire, idle flows are forgotten
        default -> {}
      }
    }
    for (var i = 0; i < 200 && !permits.isEmpty(); i++) {
      finishOne();
    }
    var done = engine.shutdown(Duration.ofSeconds(5));
    for (var i = 0; i < 200 && !permits.isEmpty(); i++) {
      finishOne();
    }
    clock.advance(Duration.ofSeconds(10));
    assertThat(done).isDone();
    while (!permits.isEmpty()) {
      finishOne();
    }
  }

  private static FlowControlConfig otherPlugins(FlowControlConfig config) {
    var fairness = builtIn(InterFlowDispatchPolicy.class, "round-robin");
    return config.toBuilder()
        .band(0, config.band(0).withFairness(fairness))
        .detector(builtIn(SaturationDetector.class, "concurrency"))
        .build();
  }

  private PendingAdmission offer(
      FlowController engine, String flow, int priority, Eligibility needs) {
    var outcome = new ArrayList<Admission>();
    outcomes.add(outcome);
    return engine.enqueue(
        FlowControlRequest.builder(flow, new FlowKey(flow, priority))
            .sizeBytes(10)
            .inputTokens(20)
            .maxOutputTokens(30)
            .eligibility(needs)
            .build(),
        admission -> {
          outcome.add(admission);
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.add(dispatched.permit());
          }
        });
  }

  private void finishOne() {
    var permit = permits.poll();
    if (permit != null) {
      permit.bind("f");
      permit.progress(Usage.of(20, 40));
      permit.complete(Usage.of(25, 50));
    }
  }

  private FlowControlConfig config(Fault fault) {
    var detector =
        CATALOG.plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 2));
    var defaults = FlowControlConfig.defaults();
    var band =
        BandConfig.DEFAULT
            .withFairness(
                wrapped(fault, InterFlowDispatchPolicy.class, BandConfig.DEFAULT.fairness()))
            .withOrdering(
                wrapped(
                    fault,
                    IntraFlowDispatchPolicy.class,
                    builtIn(IntraFlowDispatchPolicy.class, "edf-feasible")),
                wrapped(fault, SafeQueue.class, builtIn(SafeQueue.class, "heap")));
    return FlowControlConfig.builder()
        .maxRequests(12)
        .defaultTtl(Duration.ofSeconds(3))
        .flowIdleTimeout(Duration.ofMinutes(5))
        .bandIdleTimeout(Duration.ofMinutes(10))
        .defaultBand(band)
        .band(0, band)
        .detector(
            fault.type == CapacityGate.class
                ? Plugin.of(
                    FAULTY,
                    () -> () -> proxy(fault, CapacityGate.class, detector.create().newGate()))
                : detector)
        .bandPolicy(wrapped(fault, BandPolicy.class, defaults.bandPolicy()))
        .costModel(wrapped(fault, CostModel.class, defaults.costModel()))
        .flowDisplacement(
            wrapped(fault, InterFlowDisplacementPolicy.class, defaults.flowDisplacement()))
        .requestDisplacement(
            wrapped(fault, IntraFlowDisplacementPolicy.class, defaults.requestDisplacement()))
        .outputPredictor(wrapped(fault, OutputPredictor.class, defaults.outputPredictor()))
        .queueAdmission(wrapped(fault, QueueAdmissionPolicy.class, defaults.queueAdmission()))
        .usageLimit(wrapped(fault, UsageLimitPolicy.class, defaults.usageLimit()))
        .build();
  }

  private static <T> Plugin<T> builtIn(Class<T> kind, String type) {
    return CATALOG.plugin(kind, type);
  }

  private <T> Plugin<T> wrapped(Fault fault, Class<T> kind, Plugin<T> sound) {
    return fault.type == kind ? Plugin.of(FAULTY, () -> proxy(fault, kind, sound.create())) : sound;
  }

  /** Passes every call on but those that are to fail. */
  private <T> T proxy(Fault fault, Class<T> kind, T sound) {
    return kind.cast(
        Proxy.newProxyInstance(
            Objects.requireNonNull(kind.getClassLoader()),
            new Class<?>[] {kind},
            (self, method, arguments) -> {
              if (armed && method.getName().equals(fault.method) && calls++ % fault.period == 0) {
                thrown++;
                throw new IllegalStateException(fault.toString());
              }
              try {
                return method.invoke(sound, arguments);
              } catch (InvocationTargetException e) {
                throw Objects.requireNonNull(e.getCause());
              }
            }));
  }
}
