package dev.sluice.flowcontrol.controller;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.engine.Effects;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.testing.Threads;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Operations that arrive while another thread decides: that thread applies them, in one order for
 * any number of shards.
 */
@Timeout(60)
final class ShardsTest {
  private static final int ROUNDS = 30;
  private static final int OPERATIONS = 60;

  /** Keeps the core's lock while it estimates the request {@code hold}. */
  private static final class HoldingCosts implements CostModel {
    private final AtomicReference<CountDownLatch> held = new AtomicReference<>();
    private final AtomicReference<CountDownLatch> mayGo = new AtomicReference<>();

    void holdNext() {
      held.set(new CountDownLatch(1));
      mayGo.set(new CountDownLatch(1));
    }

    @Override
    public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
      if (request.id().equals("hold")) {
        held.get().countDown();
        await(mayGo.get());
      }
      return request.inputTokens();
    }

    @Override
    public long actual(Usage usage) {
      return usage.inputTokens() + usage.outputTokens();
    }
  }

  private final FakeClock clock = new FakeClock();
  private final HoldingCosts costs = new HoldingCosts();
  private final List<String> log = new ArrayList<>();
  private final List<Permit> permits = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void decideTheSameForOneOrderOfOperations(long seed) throws Exception {
    var one = new ShardsTest().run(1, seed);

    assertThat(one).anyMatch(line -> line.startsWith("dispatched"));
    assertThat(one).anyMatch(line -> line.startsWith("rejected"));
    assertThat(one).anyMatch(line -> line.startsWith("evicted"));
    for (var shards : List.of(2, 4, 8)) {
      assertThat(new ShardsTest().run(shards, seed))
          .as("%d shards, seed %d", shards, seed)
          .isEqualTo(one);
    }
  }

  @Test
  void aCancellationFindsTheOfferThatWasPublishedBeforeIt() throws Exception {
    try (var engine = engine(2, 2_000)) {
      var admissions = new ArrayList<Admission>();
      var holder = hold(engine);
      var pending = engine.enqueue(request("r", "tenant", 0).build(), admissions::add);
      assertThat(admissions).isEmpty();
      var cancelled = CompletableFuture.supplyAsync(pending::cancel);

      release(holder);

      assertThat(cancelled.get(30, SECONDS)).isTrue();
      assertThat(admissions)
          .singleElement()
          .isInstanceOfSatisfying(
              Admission.Evicted.class,
              evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.CANCELLED));
      assertThat(engine.view().queuedRequests()).isEqualTo(1); // "hold" itself
    }
  }

  @Test
  void leavesWhatIsMoreThanOneThreadShouldDoToTheAlarm() throws Exception {
    try (var engine = engine(1, 2_000)) {
      var admissions = new ArrayList<Admission>();
      var holder = hold(engine);
      for (var i = 0; i < 3 * Effects.LIMIT; i++) {
        engine.enqueue(request("r" + i, "tenant", 0).build(), admissions::add);
      }

      release(holder);
      assertThat(engine.view().queuedRequests()).isBetween(Effects.LIMIT / 2L, 2L * Effects.LIMIT);
      clock.settle();

      assertThat(engine.view().queuedRequests()).isEqualTo(3L * Effects.LIMIT + 1);
    }
  }

  @Test
  void aMassExpiryHoldsUpNobody() throws Exception {
    try (var engine = engine(1, 2_000)) {
      engine.poolChanged(PoolSnapshot.of("e"));
      for (var i = 0; i < 1_000; i++) {
        var soon = request("r" + i, "tenant", 0).timeToLive(Duration.ofSeconds(1)).build();
        engine.enqueue(soon, this::keep);
      }
      clock.lag(Duration.ofSeconds(1));
      var holder = hold(engine);
      engine.enqueue(request("late", "tenant", 0).build(), this::keep);

      release(holder);

      assertThat(log).anyMatch(line -> line.startsWith("queued") && line.contains(" late"));
      assertThat(log).filteredOn(line -> line.startsWith("evicted")).hasSizeLessThan(Effects.LIMIT);
      clock.settle();
      assertThat(log).filteredOn(line -> line.startsWith("evicted")).hasSize(996); // four run
    }
  }

  @Test
  void nothingIsLeftBehindByClosing() throws Exception {
    var engine = engine(4, 2_000);
    var admissions = new ArrayList<Admission>();
    var holder = hold(engine);
    for (var i = 0; i < 3 * Effects.LIMIT; i++) {
      engine.enqueue(request("r" + i, "tenant-" + i, 0).build(), admissions::add);
    }
    var closed = CompletableFuture.runAsync(engine::close);

    release(holder);
    closed.get(30, SECONDS);

    assertThat(admissions).hasSize(3 * Effects.LIMIT);
    assertThat(engine.view().queuedRequests()).isZero();
  }

  @Test
  void areOneToSixtyFour() {
    var builder = FlowController.builder(FlowControlConfig.defaults());

    assertThatThrownBy(() -> builder.shards(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("shards: got 0, allowed 1 to 64");
    assertThatThrownBy(() -> builder.shards(65)).isInstanceOf(IllegalArgumentException.class);
  }

  /** A random run whose operations are all published while another thread has the lock. */
  private List<String> run(int shards, long seed) throws Exception {
    var random = new Random(seed);
    try (var engine = engine(shards, 60)) {
      engine.poolChanged(PoolSnapshot.of("e"));
      for (var round = 0; round < ROUNDS; round++) {
        var before = log.size();
        var holder = hold(engine);
        var started = log.size();
        var free = new ArrayList<>(permits);
        permits.clear();
        for (var i = 0; i < OPERATIONS; i++) {
          clock.lag(Duration.ofNanos(1 + random.nextInt(3)));
          if (free.isEmpty() || random.nextInt(3) > 0) {
            var tenant = "t" + random.nextInt(20);
            var request = request(round + "-" + i, tenant, random.nextInt(3));
            request.timeToLive(Duration.ofNanos(200 + random.nextInt(2_000)));
            engine.enqueue(request.build(), this::keep);
          } else {
            var permit = free.remove(random.nextInt(free.size()));
            switch (random.nextInt(3)) {
              case 0 -> permit.close();
              case 1 -> {
                permit.bind("e");
                permit.progress(Usage.of(5, random.nextInt(50)));
                permit.complete(Usage.of(5, 60));
              }
              default -> permit.complete(Usage.of(5, random.nextInt(100)));
            }
          }
        }
        permits.addAll(free);
        assertThat(log).as("nothing is decided meanwhile, in round %d", round).hasSize(started);
        release(holder);
        clock.settle();
        assertThat(log.size()).isGreaterThan(before);
      }
    }
    return log;
  }

  private void keep(Admission admission) {
    if (admission instanceof Admission.Dispatched dispatched) {
      permits.add(dispatched.permit());
    }
  }

  /** Lets a thread take the core's lock and keep it. */
  private Thread hold(FlowController engine) {
    costs.holdNext();
    var holder =
        Threads.start(() -> {
          engine.enqueue(request("hold", "holder", 5).build(), this::keep);
        });
    await(costs.held.get());
    return holder;
  }

  private void release(Thread holder) throws InterruptedException {
    costs.mayGo.get().countDown();
    holder.join();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private FlowController engine(int shards, int maxRequests) {
    var detector =
        PluginCatalog.builtIn()
            .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 4));
    var config =
        FlowControlConfig.builder()
            .detector(detector)
            .maxRequests(maxRequests)
            .costModel(Plugin.of("holding", () -> costs));
    return FlowController.builder(config.build())
        .timeSource(clock)
        .observer(new Log())
        .shards(shards)
        .build();
  }

  private static FlowControlRequest.Builder request(String id, String tenant, int priority) {
    return FlowControlRequest.builder(id, new FlowKey(tenant, priority)).inputTokens(10);
  }

  private final class Log implements EngineObserver {
    @Override
    public void queued(long sequence, long nowNanos, FlowControlRequest request) {
      log.add("queued " + sequence + " " + nowNanos + " " + request.id());
    }

    @Override
    public void dispatched(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        long waitedNanos,
        boolean fromQueue,
        boolean reservedTurn) {
      log.add("dispatched " + sequence + " " + nowNanos + " " + request.id() + " " + waitedNanos);
    }

    @Override
    public void rejected(
        long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
      log.add("rejected " + sequence + " " + nowNanos + " " + request.id() + " " + reason);
    }

    @Override
    public void evicted(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        EvictReason reason,
        long waitedNanos) {
      log.add("evicted " + sequence + " " + nowNanos + " " + request.id() + " " + reason);
    }

    @Override
    public void returned(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        Usage usage,
        long ranNanos,
        boolean reclaimed) {
      log.add("returned " + sequence + " " + nowNanos + " " + request.id() + " " + usage);
    }
  }
}
