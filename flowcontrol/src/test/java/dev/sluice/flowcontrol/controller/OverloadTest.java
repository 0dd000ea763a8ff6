package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Three priorities ask for three times what the pool can serve, in virtual time: the highest, which
 * alone asks for half of it, does not notice.
 */
class OverloadTest {
  private static final Duration SERVICE_TIME = Duration.ofSeconds(1);
  private static final int SLOTS = 16;
  private static final Duration LOAD_FOR = Duration.ofMinutes(10);

  private record Tenant(String id, int priority, double load) {}

  private static final List<Tenant> TENANTS =
      List.of(
          new Tenant("gold", 10, 0.5),
          new Tenant("silver-1", 0, 0.75),
          new Tenant("silver-2", 0, 0.75),
          new Tenant("batch", -1, 1.0));

  private record Event(long atNanos, long order, Runnable action) {}

  private final FakeClock clock = new FakeClock(0);
  private final PriorityQueue<Event> events =
      new PriorityQueue<>(Comparator.comparingLong(Event::atNanos).thenComparingLong(Event::order));
  private final Map<String, List<Duration>> waits = new HashMap<>();
  private long scheduled;
  private int offered;
  private int answered;
  private int done;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void highestBandWaitsAtMostOneServiceTimeAtThreefoldOverload(long seed) {
    var detector =
        PluginCatalog.builtIn()
            .plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", SLOTS));
    var config =
        FlowControlConfig.builder()
            .detector(detector)
            .maxRequests(300)
            .defaultTtl(Duration.ofSeconds(20))
            .build();
    var engine = FlowController.builder(config).timeSource(clock).build();
    engine.poolChanged(PoolSnapshot.of("server"));
    var random = new SplittableRandom(seed);
    for (var tenant : TENANTS) {
      arrive(engine, tenant, random.split());
    }

    while (!events.isEmpty()) {
      var next = events.remove();
      clock.advanceTo(next.atNanos);
      next.action.run();
    }
    clock.advance(Duration.ofSeconds(30));
    engine.checkInvariants();

    var gold = waits.getOrDefault("gold", List.of()).stream().sorted().toList();
    assertThat(gold).as("seed %d", seed).hasSizeGreaterThan(3_000);
    assertThat(gold.get((int) (gold.size() * 0.99))).isLessThanOrEqualTo(SERVICE_TIME);
    assertThat(answered).isEqualTo(offered);
    assertThat(done)
        .as("the pool is never idle while somebody waits")
        .isGreaterThan((int) (0.99 * LOAD_FOR.toSeconds() * SLOTS));
    assertThat(engine.view().queuedRequests()).isZero();
    assertThat(engine.view().runningRequests()).isZero();
    engine.close();
  }

  private void arrive(FlowController engine, Tenant tenant, SplittableRandom random) {
    var perSecond = tenant.load * SLOTS / SERVICE_TIME.toSeconds();
    var at = 0L;
    while (true) {
      at += (long) (-Math.log(1 - random.nextDouble()) / perSecond * 1e9);
      if (at > LOAD_FOR.toNanos()) {
        return;
      }
      at(at, () -> offer(engine, tenant));
    }
  }

  private void offer(FlowController engine, Tenant tenant) {
    offered++;
    var request =
        FlowControlRequest.builder(tenant.id, new FlowKey(tenant.id, tenant.priority))
            .sizeBytes(1_000)
            .inputTokens(100)
            .build();
    engine.enqueue(
        request,
        admission -> {
          answered++;
          if (admission instanceof Admission.Dispatched dispatched) {
            waits.computeIfAbsent(tenant.id, id -> new ArrayList<>()).add(dispatched.waited());
            at(
                clock.nanoTime() + SERVICE_TIME.toNanos(),
                () -> {
                  done++;
                  dispatched.permit().complete(Usage.of(100, 100));
                });
          }
        });
  }

  private void at(long nanos, Runnable action) {
    events.add(new Event(nanos, scheduled++, action));
  }
}
