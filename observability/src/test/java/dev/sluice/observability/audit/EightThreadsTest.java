package dev.sluice.observability.audit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Lets eight real threads offer, cancel, complete and reconfigure at random on one engine, without
 * pause. Afterwards the {@link Auditor} must have found no request that was lost, overtaken, late
 * or displaced in vain, and the engine must have nothing left.
 */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
final class EightThreadsTest {
  private static final int THREADS = 8;
  private static final int OPERATIONS = Integer.getInteger("sluice.threads.operations", 10_000);
  private static final int MOST_QUEUED = 100;
  private static final long MOST_QUEUED_BYTES = 60_000;
  private static final int[] PRIORITIES = {10, 0, 0, -1, -1};
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  private final Auditor auditor = new Auditor();

  @SuppressWarnings("NullAway.Init") // each test starts its own
  private FlowController engine;

  private final ConcurrentLinkedQueue<Permit> permits = new ConcurrentLinkedQueue<>();
  private final AtomicLong offered = new AtomicLong();
  private final AtomicLong outcomes = new AtomicLong();
  private final AtomicLong repeated = new AtomicLong();

  private static FlowControlConfig config(int concurrency, String fairness) {
    return FlowControlConfig.builder()
        .maxRequests(MOST_QUEUED)
        .maxBytes(MOST_QUEUED_BYTES)
        .defaultTtl(Duration.ofSeconds(20))
        .detector(
            CATALOG.plugin(
                SaturationDetector.class, "concurrency", Map.of("maxConcurrency", concurrency)))
        .band(
            0,
            BandConfig.DEFAULT.withFairness(
                CATALOG.plugin(InterFlowDispatchPolicy.class, fairness)))
        .build();
  }

  private FlowController engine(int shards) {
    return FlowController.builder(config(8, "virtual-token"))
        .observer(auditor)
        .shards(shards)
        .build();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void asynchronousCallersLoseNothingAndOvertakeNobody(int shards) throws Exception {
    engine = engine(shards);
    engine.poolChanged(PoolSnapshot.of("e1", "e2"));

    onAllThreads(seed -> new AsynchronousCaller(seed).run());

    var report = finish();
    assertThat(report.submitted()).isEqualTo(offered.get());
    assertThat(outcomes.get()).isEqualTo(offered.get());
    assertThat(repeated.get()).isZero();
    assertThat(report.mostWaiting()).isGreaterThan(MOST_QUEUED / 2);
    assertThat(report.dispatched()).isPositive();
    assertThat(report.rejected()).isPositive();
    assertThat(report.evicted()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void blockingCallersLoseNothingAndOvertakeNobody(int shards) throws Exception {
    engine = engine(shards);
    engine.poolChanged(PoolSnapshot.of("e1"));
    engine.reconfigure(config(3, "round-robin"));

    onAllThreads(this::block);

    var report = finish();
    assertThat(report.submitted()).isEqualTo(offered.get());
    assertThat(outcomes.get()).isEqualTo(offered.get());
    assertThat(report.dispatched()).isPositive();
  }

  private void block(long seed) throws InterruptedException {
    var random = new Random(seed);
    for (var i = 0; i < OPERATIONS / 3; i++) {
      offered.incrementAndGet();
      var admission = engine.enqueueAndWait(request(random, i));
      outcomes.incrementAndGet();
      if (admission instanceof Admission.Dispatched dispatched) {
        dispatched.permit().complete(Usage.of(10, random.nextInt(100)));
      }
    }
  }

  /** Returns all permits, and then the auditor's report on the engine at rest. */
  private AuditReport finish() {
    var drained = engine.shutdown(Duration.ZERO);
    for (var permit = permits.poll(); permit != null; permit = permits.poll()) {
      permit.close();
    }
    assertThat(drained).succeedsWithin(Duration.ofSeconds(10));
    await().atMost(Duration.ofSeconds(10)).until(() -> outcomes.get() == offered.get());
    var view = engine.view();
    var report = auditor.report();
    assertThat(report.findings()).isEmpty();
    assertThat(report.isClean()).as(report.toString()).isTrue();
    assertThat(report.waiting()).isZero();
    assertThat(report.mostWaiting()).isLessThanOrEqualTo(MOST_QUEUED);
    assertThat(report.mostWaitingBytes()).isLessThanOrEqualTo(MOST_QUEUED_BYTES);
    assertThat(report.running()).isZero();
    assertThat(view.queuedRequests()).isZero();
    assertThat(view.queuedBytes()).isZero();
    assertThat(view.runningRequests()).isZero();
    engine.close();
    return report;
  }

  private interface Work {
    void run(long seed) throws Exception;
  }

  private static void onAllThreads(Work work) throws InterruptedException, ExecutionException {
    var barrier = new CyclicBarrier(THREADS);
    var running = new ArrayList<Future<?>>();
    try (var threads = Executors.newFixedThreadPool(THREADS)) {
      for (var seed = 1; seed <= THREADS; seed++) {
        var own = seed;
        running.add(
            threads.submit(() -> {
              barrier.await();
              work.run(own);
              return true;
            }));
      }
      for (var thread : running) {
        thread.get();
      }
    }
  }

  private static FlowControlRequest request(Random random, int number) {
    var priority = PRIORITIES[random.nextInt(PRIORITIES.length)];
    var flow = new FlowKey("f" + random.nextInt(6), priority);
    var request =
        FlowControlRequest.builder(flow + "/" + number, flow)
            .sizeBytes(random.nextInt(1000))
            .inputTokens(1 + random.nextInt(100))
            .maxOutputTokens(random.nextInt(200));
    if (random.nextInt(10) == 0) {
      request.timeToLive(Duration.ofMillis(5));
    }
    return request.build();
  }

  private final class AsynchronousCaller {
    private final Random random;
    private final ArrayDeque<PendingAdmission> pending = new ArrayDeque<>();

    AsynchronousCaller(long seed) {
      random = new Random(seed);
    }

    void run() {
      for (var i = 0; i < OPERATIONS; i++) {
        var dice = random.nextInt(1000);
        if (dice < 480) {
          offer(i);
        } else if (dice < 900) {
          complete();
        } else if (dice < 985) {
          cancel();
        } else if (dice < 990) {
          engine.poolChanged(
              random.nextBoolean() ? PoolSnapshot.of("e1", "e2") : PoolSnapshot.of("e1"));
        } else if (dice < 998) {
          var fairness = random.nextBoolean() ? "virtual-token" : "round-robin";
          engine.reconfigure(config(2 + random.nextInt(10), fairness));
        } else {
          engine.poolChanged(PoolSnapshot.EMPTY);
        }
      }
    }

    private void offer(int number) {
      offered.incrementAndGet();
      var told = new AtomicInteger();
      pending.addLast(engine.enqueue(request(random, number), a -> told(told, a)));
      if (pending.size() > 50) {
        pending.removeFirst();
      }
    }

    private void told(AtomicInteger times, Admission admission) {
      outcomes.incrementAndGet();
      if (times.incrementAndGet() > 1) {
        repeated.incrementAndGet();
      }
      if (admission instanceof Admission.Dispatched dispatched) {
        permits.add(dispatched.permit());
      }
    }

    private void complete() {
      var permit = permits.poll();
      if (permit == null) {
        return;
      }
      switch (random.nextInt(4)) {
        case 0 -> {
          permit.progress(Usage.of(10, 50));
          permit.close();
        }
        case 1 -> {
          permit.bind("e1");
          permit.complete(Usage.of(10, 5));
          permit.close();
        }
        default -> permit.complete(Usage.of(20, random.nextInt(200)));
      }
    }

    private void cancel() {
      var last = random.nextBoolean() ? pending.pollLast() : pending.pollFirst();
      if (last != null) {
        var _ = last.cancel();
      }
    }
  }
}
