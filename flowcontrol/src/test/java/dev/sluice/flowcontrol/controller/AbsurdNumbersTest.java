package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.BandPolicy;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.framework.UsageLimitPolicy;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.math.BigInteger;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sizes and token counts near the largest number overflow no limit, count or tag of any policy. */
final class AbsurdNumbersTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  private static final BandConfig PLENTY = BandConfig.DEFAULT.withLimits(1 << 20, Long.MAX_VALUE);

  private static final List<Class<?>> KINDS =
      List.of(
          InterFlowDispatchPolicy.class,
          IntraFlowDispatchPolicy.class,
          InterFlowDisplacementPolicy.class,
          BandPolicy.class,
          QueueAdmissionPolicy.class,
          SaturationDetector.class,
          UsageLimitPolicy.class,
          CostModel.class,
          OutputPredictor.class);

  private final FakeClock clock = new FakeClock();
  private final ArrayDeque<Permit> permits = new ArrayDeque<>();
  private final List<Admission> refused = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();

  /** The requests that are queued, by their ids. */
  private final Map<String, FlowControlRequest> queued = new HashMap<>();

  private final List<String> served = new ArrayList<>();
  private FlowController engine = engine(config(100).build());
  private long offered;

  private FlowController engine(FlowControlConfig config) {
    var made = FlowController.builder(config).timeSource(clock).observer(new Recorder()).build();
    made.poolChanged(PoolSnapshot.of("e"));
    return made;
  }

  private void restart(FlowControlConfig config) {
    engine.close();
    engine = engine(config);
  }

  @AfterEach
  void check() {
    engine.checkInvariants();
    engine.close();
    assertThat(faults).isEmpty();
  }

  private static FlowControlConfig.Builder config(int room) {
    return FlowControlConfig.builder()
        .defaultTtl(Duration.ZERO)
        .outputPredictor(CATALOG.plugin(OutputPredictor.class, "limit"))
        .detector(
            CATALOG.plugin(
                SaturationDetector.class, "concurrency", Map.of("maxConcurrency", room)));
  }

  private final class Recorder implements EngineObserver {
    @Override
    public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
      faults.add(plugin + ": " + cause);
    }

    @Override
    public void failed(Source source, Throwable cause) {
      faults.add(source + ": " + cause);
    }
  }

  private FlowControlRequest.Builder request(String tenant) {
    return request(tenant, 0);
  }

  private FlowControlRequest.Builder request(String tenant, int priority) {
    return FlowControlRequest.builder("r" + ++offered, new FlowKey(tenant, priority))
        .maxOutputTokens(1);
  }

  private void offer(FlowControlRequest.Builder builder) {
    var request = builder.build();
    queued.put(request.id(), request);
    engine.enqueue(
        request,
        admission -> {
          queued.remove(request.id());
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.add(dispatched.permit());
            served.add(request.tenant());
          } else {
            refused.add(admission);
          }
        });
  }

  private BigInteger queuedBytes() {
    return queued.values().stream()
        .map(request -> BigInteger.valueOf(request.sizeBytes()))
        .reduce(BigInteger.ZERO, BigInteger::add);
  }

  // Limits

  @Test
  void aSizeNearTheLargestNumberOverflowsNoLimit() {
    restart(config(1).maxBytes(1_000).build());
    offer(request("a"));
    offer(request("a").sizeBytes(600));

    offer(request("a").sizeBytes(Long.MAX_VALUE));
    offer(request("b").sizeBytes(Long.MAX_VALUE - 500));

    assertThat(refused).hasSize(2);
    assertThat(engine.view().queuedBytes()).isEqualTo(600);
  }

  @Test
  void aSizeNearTheLargestNumberOverflowsNoCountWithoutALimit() {
    restart(config(1).maxBytes(0).defaultBand(PLENTY).build());
    offer(request("a"));
    offer(request("a").sizeBytes(Long.MAX_VALUE));

    offer(request("a").sizeBytes(1));

    assertThat(refused).hasSize(1);
    assertThat(engine.view().queuedBytes()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void queuedCostsDoNotOverflow() {
    restart(config(1).maxRequests(0).maxBytes(0).defaultBand(PLENTY).build());
    offer(request("a"));

    for (var i = 0; i < 10_000; i++) {
      offer(request("a").inputTokens(Long.MAX_VALUE).maxOutputTokens(Long.MAX_VALUE));
    }

    assertThat(refused).isNotEmpty();
    assertThat(queued).hasSizeGreaterThan(1_000);
  }

  // Tags

  private void fairness(String type) {
    var band = PLENTY.withFairness(CATALOG.plugin(InterFlowDispatchPolicy.class, type));
    restart(config(ROOM).defaultBand(band).build());
  }

  /** So many charges of the largest cost are more than a long can hold. */
  private static final int ROOM = 9_000;

  private void fill(String tenant, int requests) {
    for (var i = 0; i < requests; i++) {
      offer(request(tenant).inputTokens(1));
    }
  }

  private void complete(int requests, Usage usage) {
    for (var i = 0; i < requests; i++) {
      permits.remove().complete(usage);
    }
  }

  private static final Usage ABSURD = Usage.of(Long.MAX_VALUE, Long.MAX_VALUE);

  private static final Usage SMALL = Usage.of(1, 1);

  /** {@code virtual-token} lets off what is charged before anything is queued. */
  @ParameterizedTest
  @ValueSource(strings = {"vtc", "drr"})
  void absurdChargesKeepAFlowBehindOneThatWaits(String fairness) {
    fairness(fairness);
    fill("a", ROOM);
    fill("b", ROOM + 1);
    fill("a", 1);
    served.clear();

    complete(ROOM, ABSURD);

    assertThat(served).hasSize(ROOM).containsOnly("b");
  }

  /** Nothing is queued while the charges arrive, so they are one flow's all the same. */
  @ParameterizedTest
  @ValueSource(strings = {"virtual-token", "vtc", "drr"})
  void absurdChargesOfAFlowCostAnotherOneNoShare(String fairness) {
    fairness(fairness);
    fill("a", ROOM);
    complete(ROOM, ABSURD);
    fill("b", ROOM);
    fill("a", 200);
    fill("b", 200);
    served.clear();

    complete(200, SMALL);

    assertThat(served.stream().filter("b"::equals).count()).isBetween(99L, 200L);
  }

  /** The tags of both are far beyond those of a long life, and small charges still count. */
  @ParameterizedTest
  @ValueSource(strings = {"virtual-token", "vtc"})
  void absurdChargesOfAllFlowsLeaveThemEqual(String fairness) {
    fairness(fairness);
    for (var round = 0; round < 3; round++) {
      fillBoth(ROOM / 2);
      complete(ROOM, ABSURD);
    }
    fillBoth(ROOM / 2);
    complete(ROOM, SMALL); // what was learned of prompts is forgotten
    fillBoth(ROOM);
    served.clear();

    complete(1_000, SMALL);

    assertThat(served.stream().filter("b"::equals).count()).isBetween(450L, 550L);
  }

  private void fillBoth(int requestsEach) {
    for (var i = 0; i < requestsEach; i++) {
      fill("a", 1);
      fill("b", 1);
    }
  }

  // All policies

  static Stream<Arguments> policies() {
    return KINDS.stream()
        .flatMap(kind ->
            CATALOG.types(kind).stream()
                .flatMap(type -> IntStream.range(0, 3).mapToObj(i -> Arguments.of(kind, type, i))));
  }

  /** One policy beside others that the seed names. */
  @ParameterizedTest
  @MethodSource("policies")
  void noPolicyFailsAndNoCountIsWrong(Class<?> kind, String type, int number) {
    var seed = 31L * type.hashCode() + number;
    var random = new Random(seed);
    restart(random(new Choice(random, kind, type)));

    for (var step = 0; step < 2_000; step++) {
      if (permits.isEmpty() || random.nextInt(3) > 0) {
        offer(absurd(random));
      } else {
        end(permits.remove(), random);
      }
      clock.advance(Duration.ofMillis(random.nextInt(200)));
      assertThat(BigInteger.valueOf(engine.view().queuedBytes()))
          .as("seed %d, step %d", seed, step)
          .isEqualTo(queuedBytes());
      if (step % 100 == 0) {
        engine.checkInvariants();
      }
    }
    while (!permits.isEmpty()) {
      end(permits.remove(), random);
      clock.advance(Duration.ofSeconds(1)); // the rest expires if its gate waits for a sample
    }
    clock.advance(Duration.ofMinutes(1));

    var view = engine.view();
    assertThat(view.queuedBytes()).as("seed %d", seed).isZero();
    assertThat(view.bands().stream().flatMap(band -> band.flows().stream()))
        .as("seed %d", seed)
        .allSatisfy(flow -> assertThat(flow.dispatchedCost()).isNotNegative());
  }

  private record Choice(Random random, Class<?> given, String type) {
    <T> Plugin<T> of(Class<T> kind) {
      var types = List.copyOf(CATALOG.types(kind));
      var chosen = kind == given ? type : types.get(random.nextInt(types.size()));
      return CATALOG.plugin(kind, chosen);
    }
  }

  private static FlowControlConfig random(Choice choice) {
    var random = choice.random();
    var most = random.nextBoolean() ? Long.MAX_VALUE : absurd(random, 62) + 1;
    var band =
        BandConfig.DEFAULT
            .withLimits(random.nextBoolean() ? 50 : 1_000_000, most)
            .withFlowLimits(0, random.nextBoolean() ? 0 : absurd(random, 62) + 1)
            .withFairness(choice.of(InterFlowDispatchPolicy.class))
            .withOrdering(
                choice.of(IntraFlowDispatchPolicy.class), CATALOG.plugin(SafeQueue.class, "heap"));
    return FlowControlConfig.builder()
        .defaultTtl(Duration.ofSeconds(20))
        .maxRequestDuration(Duration.ofMinutes(1))
        .maxRequests(random.nextBoolean() ? 100 : 0)
        .maxBytes(random.nextBoolean() ? 0 : absurd(random, 62) + 1)
        .defaultBand(band)
        .defaultNegativeBand(band)
        .tenant("a", new TenantConfig(1e-3, 0, 0, 0))
        .tenant("b", new TenantConfig(1e3, 0, 0, 0))
        .flowDisplacement(choice.of(InterFlowDisplacementPolicy.class))
        .bandPolicy(choice.of(BandPolicy.class))
        .queueAdmission(choice.of(QueueAdmissionPolicy.class))
        .detector(choice.of(SaturationDetector.class))
        .usageLimit(choice.of(UsageLimitPolicy.class))
        .costModel(choice.of(CostModel.class))
        .outputPredictor(choice.of(OutputPredictor.class))
        .build();
  }

  /** Of any size up to 2^bits, each power of two as likely as the others. */
  private static long absurd(Random random, int bits) {
    return random.nextLong() >>> (64 - random.nextInt(1, bits + 1));
  }

  private FlowControlRequest.Builder absurd(Random random) {
    var tenant = Character.toString('a' + random.nextInt(3));
    var input = absurd(random, 63);
    var request =
        request(tenant, random.nextInt(-1, 3))
            .sizeBytes(absurd(random, 63))
            .inputTokens(input)
            .cachedInputTokens(random.nextInt(3) == 0 ? input : 0)
            .maxOutputTokens(absurd(random, 63));
    if (random.nextInt(3) == 0) {
      request.sloTarget(Duration.ofNanos(absurd(random, 63)));
    }
    return request;
  }

  private static void end(Permit permit, Random random) {
    var input = absurd(random, 63);
    var usage = new Usage(input, random.nextBoolean() ? input : 0, absurd(random, 63));
    switch (random.nextInt(6)) {
      case 0 -> permit.close();
      case 1 -> {
        permit.progress(usage);
        permit.close();
      }
      case 2 -> {
        permit.bind("e");
        permit.complete(Usage.NONE);
      }
      default -> {
        permit.bind("e");
        permit.progress(usage);
        permit.complete(Usage.of(absurd(random, 63), absurd(random, 63)));
      }
    }
  }
}
