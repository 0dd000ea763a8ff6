package dev.sluice.simulation.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.simulation.pool.Foreign;
import dev.sluice.simulation.pool.ModelGap;
import dev.sluice.simulation.pool.PoolModel;
import dev.sluice.simulation.pool.ServerModel;
import dev.sluice.simulation.pool.Window;
import dev.sluice.simulation.workload.Arrival;
import dev.sluice.simulation.workload.TokenLengths;
import dev.sluice.simulation.workload.Workload;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SimulationTest {
  private static final long SECOND = 1_000_000_000L;

  @Test
  void servesARequestInExactlyItsTime() {
    var times = new ArrayList<Long>();
    var simulation =
        simulation(4, PoolModel.of(1, ServerModel.of(4)), of(arrival(SECOND, 4_000, 50)), 10)
            .watchedBy(
                new Watch() {
                  @Override
                  public void ended(Arrival arrival, long nowNanos, boolean failed) {
                    times.add(nowNanos);
                  }
                });

    var result = simulation.run();

    assertThat(times).containsExactly(SECOND + SECOND / 2 + SECOND);
    assertThat(result.all().ttftP50()).isEqualTo(500, within(5.0));
    assertThat(result.all().completed()).isEqualTo(1);
    assertThat(result.all().outputTokens()).isEqualTo(50);
    assertThat(result.utilization()).isEqualTo(1.5 / 40, within(1e-9));
  }

  @Test
  void letsTheEngineHoldWhatTheSlotsCannotTake() {
    var arrivals = new ArrayList<Arrival>();
    for (var i = 0; i < 10; i++) {
      arrivals.add(arrival(0, 8_000, 0));
    }

    var result = simulation(2, PoolModel.of(1, ServerModel.of(2)), of(arrivals), 10).run();

    assertThat(result.all().completed()).isEqualTo(10);
    assertThat(result.all().waitMax()).isEqualTo(4_000, within(1.0));
    assertThat(result.mostWaitingInServer()).isLessThanOrEqualTo(1);
    assertThat(result.idleWhileQueued()).isEqualTo(0, within(1e-9));
    assertThat(result.open()).isZero();
  }

  @Test
  void letsRequestsWaitInTheServerIfTheEngineSendsTooMany() {
    var arrivals = new ArrayList<Arrival>();
    for (var i = 0; i < 10; i++) {
      arrivals.add(arrival(0, 8_000, 0));
    }

    var result = simulation(16, PoolModel.of(1, ServerModel.of(2)), of(arrivals), 10).run();

    assertThat(result.mostWaitingInServer()).isEqualTo(8);
    assertThat(result.all().waitMax()).isZero();
    assertThat(result.all().ttftP99()).isEqualTo(5_000, within(50.0));
  }

  /** One slot with equal requests is M/D/1: the mean wait is rho / (2 (1 - rho)) service times. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void waitsAsTheFormulaSays(long seed) {
    var random = new SplittableRandom(seed);
    var arrivals = new ArrayList<Arrival>();
    var at = 0.0;
    for (var i = 0; i < 40_000; i++) {
      at += -Math.log(1 - random.nextDouble()) / 0.7;
      arrivals.add(arrival((long) (at * SECOND), 8_000, 0));
    }
    var waits = new long[1];
    var simulation =
        simulation(1, PoolModel.of(1, ServerModel.of(1)), of(arrivals), (int) at + 1_000)
            .watchedBy(
                new Watch() {
                  @Override
                  public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
                    waits[0] += waitedNanos;
                  }
                });

    var result = simulation.run();

    assertThat(result.all().completed()).as("seed %d", seed).isEqualTo(40_000);
    assertThat(waits[0] / (double) SECOND / 40_000)
        .as("mean wait, seed %d", seed)
        .isEqualTo(0.7 / (2 * 0.3), within(0.12));
  }

  @Test
  void slowsDownWithTheBatch() {
    var model = ServerModel.of(4).withBatch(Duration.ofMillis(10), Duration.ofMillis(10), 0);
    var alone = simulation(4, PoolModel.of(1, model), of(arrival(0, 8_000, 100)), 20);
    var four = simulation(4, PoolModel.of(1, model), of(copies(4, 8_000, 100)), 20);

    assertThat(endOf(alone)).isCloseTo(3 * SECOND, within(1_000_000L));
    assertThat(endOf(four)).isCloseTo(6 * SECOND, within(1_000_000L));
  }

  @Test
  void preemptsTheNewestWhenTheCacheIsFull() {
    var model = ServerModel.of(4).withBatch(Duration.ofMillis(10), Duration.ZERO, 1_000);
    var result = simulation(4, PoolModel.of(1, model), of(copies(2, 400, 300)), 60).run();

    assertThat(result.preemptions()).isEqualTo(1);
    assertThat(result.all().completed()).isEqualTo(2);
  }

  @Test
  void failsWhatHadNoTokenYetWhenItsServerGoesDown() {
    var failed = new ArrayList<Long>();

    var result =
        watchingFailures(simulation(1, firstDown(1, 3), of(copies(6, 16_000, 0)), 30), failed);

    assertThat(failed).containsExactly(SECOND);
    assertThat(result.all().completed()).isEqualTo(5);
    assertThat(result.open()).isZero();
  }

  @Test
  void failsWhatHasBegunToAnswerWhenItsServerGoesDown() {
    var failed = new ArrayList<Long>();

    var result =
        watchingFailures(simulation(1, firstDown(1, 3), of(copies(2, 4_000, 100)), 30), failed);

    assertThat(failed).containsExactly(SECOND);
    assertThat(result.all().completed()).isEqualTo(1);
    assertThat(result.open()).isZero();
  }

  @Test
  void sendsNothingMoreToAServerThatRefusedAConnection() {
    // The first scrape sees both servers; the next one comes when all is over.
    var pool = firstDown(1, 9).scraped(Duration.ofSeconds(10), Duration.ZERO);
    var arrivals = new ArrayList<Arrival>();
    for (var i = 0; i < 3; i++) {
      arrivals.add(arrival(SECOND + SECOND / 2, 8_000, 0));
    }

    var result = simulation(1, pool, of(arrivals), 9).run();

    // Two are dispatched, and both run on the second server. The third waits until both have ended.
    assertThat(result.all().completed()).isEqualTo(3);
    assertThat(result.all().waitMax()).isEqualTo(2_000, within(1.0));
  }

  @Test
  void clearsASuspectAtOnceWhereNothingIsScraped() {
    var pool = firstDown(1, 2).scraped(Duration.ZERO, Duration.ZERO);

    var result =
        simulation(
                1,
                pool,
                of(
                    arrival(SECOND + SECOND / 2, 4_000, 0),
                    arrival(SECOND + SECOND / 2, 4_000, 0),
                    arrival(3 * SECOND, 8_000, 0),
                    arrival(3 * SECOND, 8_000, 0)),
                10)
            .run();

    assertThat(result.all().completed()).isEqualTo(4);
    assertThat(result.all().waitMax()).as("both servers serve again").isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {0, 500})
  void servesAModelAgainWhenTheEngineHasReadThatItIsBack(long delayMillis) {
    var gap = new ModelGap("b", new Window(Duration.ofSeconds(1), Duration.ofSeconds(3)));
    var server = ServerModel.of(4).serving(Set.of("a", "b"), Set.of()).without(gap);
    var pool =
        PoolModel.of(1, server).scraped(Duration.ofMillis(50), Duration.ofMillis(delayMillis));
    var asksForB =
        new Arrival(2 * SECOND, "t", "t", 0, "b", "", 8_000, 0, 0, -1, -1, -1, 32_000, List.of());

    var ends = endsOf(simulation(1, pool, of(asksForB), 10));

    assertThat(ends).containsExactly(4 * SECOND + delayMillis * SECOND / 1_000);
  }

  /** Two servers, the first down for a time. */
  private static PoolModel firstDown(int fromSeconds, int toSeconds) {
    var outage = new Window(Duration.ofSeconds(fromSeconds), Duration.ofSeconds(toSeconds));
    return new PoolModel(
        List.of(ServerModel.of(1).down(outage), ServerModel.of(1)),
        Duration.ofMillis(50),
        Duration.ZERO,
        List.of());
  }

  private static SimulationResult watchingFailures(Simulation simulation, List<Long> failed) {
    return simulation
        .watchedBy(
            new Watch() {
              @Override
              public void ended(Arrival arrival, long nowNanos, boolean hasFailed) {
                if (hasFailed) {
                  failed.add(nowNanos);
                }
              }
            })
        .run();
  }

  @Test
  void letsOthersUseTheServerToo() {
    var foreign = new Foreign(2, new TokenLengths.Constant(4_000), new TokenLengths.Constant(25));
    var result =
        simulation(8, PoolModel.of(1, ServerModel.of(8).with(foreign)), of(List.of()), 500).run();

    assertThat(result.utilization()).isEqualTo(2 * 1.0 / 8, within(0.03));
    assertThat(result.all().offered()).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void repeatsItselfExactly(long seed) {
    var one = random(seed).run();
    var same = random(seed).run();
    var other = random(seed + 100).run();

    assertThat(one).as("seed %d", seed).isEqualTo(same);
    assertThat(one.decisionHash()).isNotEqualTo(other.decisionHash());
    assertThat(one.all().offered()).isEqualTo(one.all().dispatched() + one.all().refusedTotal());
  }

  private static Simulation random(long seed) {
    var random = new SplittableRandom(seed);
    var arrivals = new ArrayList<Arrival>();
    var at = 0L;
    for (var i = 0; i < 5_000; i++) {
      at += random.nextLong(SECOND / 20);
      arrivals.add(
          new Arrival(
              at,
              "t" + random.nextInt(5),
              "t" + random.nextInt(5),
              random.nextInt(3),
              "",
              "",
              random.nextLong(1, 2_000),
              0,
              random.nextLong(1, 200),
              -1,
              -1,
              random.nextInt(4) == 0 ? SECOND : -1,
              100,
              List.of()));
    }
    return simulation(8, PoolModel.of(2, ServerModel.of(8)), of(arrivals), 1_000);
  }

  /**
   * The additions to and removals from a server's KV cache need not add up to 0, because of
   * rounding.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void readsMetricsOfAServerThatRoundingLeavesWithLessThanNothing(long seed) {
    var random = new SplittableRandom(seed);
    var arrivals = new ArrayList<Arrival>();
    for (var i = 0; i < 500; i++) {
      arrivals.add(arrival(i * SECOND / 2, random.nextLong(1, 2_000), random.nextLong(1, 200)));
    }
    var server = ServerModel.of(8).withBatch(Duration.ofMillis(7), Duration.ofMillis(1), 20_000);

    var result = simulation(8, PoolModel.of(2, server), of(arrivals), 300).run();

    assertThat(result.all().completed()).as("seed %d", seed).isEqualTo(500);
  }

  @Test
  void readsOnlyTheBlocksThatItsServerHasNotRead() {
    // 8,000 tokens/s, and no answer: a request takes what its prefill takes.
    var pool = PoolModel.of(1, ServerModel.of(4).withPrefixCache(100_000));

    var ends =
        endsOf(
            simulation(
                4,
                pool,
                of(
                    prompt(0, 1_024, List.of(1L, 2L)),
                    prompt(SECOND, 1_536, List.of(1L, 2L, 3L)),
                    prompt(2 * SECOND, 1_536, List.of(1L, 8L, 3L))),
                10));

    assertThat(ends)
        .containsExactly(
            SECOND * 1_024 / 8_000,
            SECOND + SECOND * 512 / 8_000,
            2 * SECOND + SECOND * 1_024 / 8_000);
  }

  @Test
  void forgetsTheBlocksWhenTheServerGoesDown() {
    var outage = new Window(Duration.ofSeconds(1), Duration.ofSeconds(2));
    var pool = PoolModel.of(1, ServerModel.of(4).withPrefixCache(100_000).down(outage));

    var ends =
        endsOf(
            simulation(
                4,
                pool,
                of(prompt(0, 1_024, List.of(1L, 2L)), prompt(3 * SECOND, 1_024, List.of(1L, 2L))),
                10));

    assertThat(ends.getLast()).isEqualTo(3 * SECOND + SECOND * 1_024 / 8_000);
  }

  @Test
  void eachServerHasAPrefixCacheOfItsOwn() {
    var pool = PoolModel.of(2, ServerModel.of(1).withPrefixCache(100_000));

    var ends =
        endsOf(
            simulation(
                1, pool, of(prompt(0, 8_192, List.of(1L)), prompt(1, 8_192, List.of(1L))), 10));

    assertThat(ends).containsExactly(SECOND * 8_192 / 8_000, 1 + SECOND * 8_192 / 8_000);
  }

  @Test
  void chargesWhatTheServerFoundInItsCache() {
    // Two backlogged tenants on one slot. Tenant a always asks the same, b never; if a hit is free,
    // a's correction lets it go before b again and again.
    var arrivals = new ArrayList<Arrival>();
    for (var i = 0; i < 40; i++) {
      arrivals.add(prompt("a", 0, 512 * 4, List.of(1L, 2L, 3L, 4L)));
      var fresh = 100L + 4L * i;
      arrivals.add(prompt("b", 0, 512 * 4, List.of(fresh, fresh + 1, fresh + 2, fresh + 3)));
    }

    assertThat(firstDispatches(arrivals, 0.0, 30).stream().filter("a"::equals).count())
        .isGreaterThanOrEqualTo(25);
    assertThat(firstDispatches(arrivals, 1.0, 30).stream().filter("a"::equals).count())
        .isLessThanOrEqualTo(16);
  }

  private static List<String> firstDispatches(
      List<Arrival> arrivals, double cachedInputWeight, int count) {
    var catalog = PluginCatalog.builtIn();
    var config =
        FlowControlConfig.builder()
            .maxRequests(0)
            .detector(
                catalog.plugin(
                    SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 1)))
            .queueAdmission(catalog.plugin(QueueAdmissionPolicy.class, "none"))
            .costModel(
                catalog.plugin(
                    CostModel.class,
                    "weighted-tokens",
                    Map.of("cachedInputWeight", cachedInputWeight)))
            .build();
    var dispatched = new ArrayList<String>();
    new Simulation(
            config,
            PoolModel.of(1, ServerModel.of(1).withPrefixCache(100_000)),
            of(arrivals),
            SimulationOptions.of(Duration.ofSeconds(60), 1))
        .watchedBy(
            new Watch() {
              @Override
              public void dispatched(Arrival arrival, long nowNanos, long waitedNanos) {
                dispatched.add(arrival.tenant());
              }
            })
        .run();
    return dispatched.subList(0, count);
  }

  private static Arrival prompt(long at, long input, List<Long> blocks) {
    return prompt("t", at, input, blocks);
  }

  private static Arrival prompt(String tenant, long at, long input, List<Long> blocks) {
    return new Arrival(at, tenant, tenant, 0, "", "", input, 0, 0, -1, -1, -1, input * 4, blocks);
  }

  private static List<Long> endsOf(Simulation simulation) {
    var ends = new ArrayList<Long>();
    simulation.watchedBy(
        new Watch() {
          @Override
          public void ended(Arrival arrival, long nowNanos, boolean failed) {
            ends.add(nowNanos);
          }
        });
    simulation.run();
    return ends;
  }

  private static long endOf(Simulation simulation) {
    return endsOf(simulation).getLast();
  }

  private static Simulation simulation(
      int concurrency, PoolModel pool, Workload workload, int seconds) {
    var detector =
        PluginCatalog.builtIn()
            .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", concurrency));
    return new Simulation(
        FlowControlConfig.builder().detector(detector).build(),
        pool,
        workload,
        SimulationOptions.of(Duration.ofSeconds(seconds), 1));
  }

  private static List<Arrival> copies(int count, long input, long output) {
    var arrivals = new ArrayList<Arrival>();
    for (var i = 0; i < count; i++) {
      arrivals.add(arrival(0, input, output));
    }
    return arrivals;
  }

  private static Arrival arrival(long at, long input, long output) {
    return new Arrival(at, "t", "t", 0, "", "", input, 0, output, -1, -1, -1, input * 4, List.of());
  }

  private static Workload of(Arrival... arrivals) {
    return of(List.of(arrivals));
  }

  private static Workload of(List<Arrival> arrivals) {
    Iterator<Arrival> rest = arrivals.iterator();
    return () -> rest.hasNext() ? rest.next() : null;
  }
}
