package dev.sluice.flowcontrol.controller;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.testing.Threads;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A caller of {@code enqueueAndWait} waits until the outcome or an interrupt comes, and no longer.
 */
@Timeout(60)
class BlockingEntryTest {
  private final CountDownLatch queued = new CountDownLatch(1);
  private final FakeClock clock = new FakeClock();
  private final FlowController engine =
      FlowController.builder(
              FlowControlConfig.builder()
                  .detector(
                      PluginCatalog.builtIn()
                          .plugin(
                              SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 1)))
                  .build())
          .timeSource(clock)
          .observer(
              new EngineObserver() {
                @Override
                public void queued(long sequence, long nowNanos, FlowControlRequest request) {
                  queued.countDown();
                }
              })
          .build();

  /** A caller on a thread of its own, whose request has been queued. */
  private final class Waiting {
    private final FutureTask<Admission> call =
        new FutureTask<>(() -> engine.enqueueAndWait(request("waiting")));
    private final Thread thread = Threads.startVirtual(call);

    Waiting() throws InterruptedException {
      assertThat(queued.await(30, SECONDS)).isTrue();
    }

    Admission outcome() throws Exception {
      return call.get(30, SECONDS);
    }
  }

  private static FlowControlRequest request(String id) {
    return FlowControlRequest.builder(id, new FlowKey("t", 0)).build();
  }

  @AfterEach
  void close() {
    engine.close();
    EngineInvariants.check(engine);
  }

  @Test
  void goesOnWhenThePoolGetsRoom() throws Exception {
    var waiting = new Waiting();

    engine.poolChanged(PoolSnapshot.of("server"));

    assertThat(waiting.outcome()).isInstanceOf(Admission.Dispatched.class);
  }

  @Test
  void goesOnWhenItsTimeIsOver() throws Exception {
    var waiting = new Waiting();

    clock.advance(Duration.ofSeconds(60));

    assertThat(waiting.outcome())
        .isInstanceOfSatisfying(
            Admission.Evicted.class,
            evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.NO_ENDPOINTS));
  }

  @Test
  void leavesItsPlaceWhenItIsInterrupted() throws Exception {
    var waiting = new Waiting();
    assertThat(engine.view().queuedRequests()).isEqualTo(1);

    waiting.thread.interrupt();

    assertThatThrownBy(waiting::outcome)
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(InterruptedException.class);
    assertThat(engine.view().queuedRequests()).isZero();
  }

  @Test
  void asksForNothingWhenItWasInterruptedBefore() {
    engine.poolChanged(PoolSnapshot.of("server"));

    Thread.currentThread().interrupt();

    assertThatThrownBy(() -> engine.enqueueAndWait(request("late")))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
    assertThat(engine.view().runningRequests()).isZero();
  }

  @Test
  void isNotLeftWaitingWhenTheEngineCloses() throws Exception {
    var waiting = new Waiting();

    engine.close();

    assertThat(waiting.outcome())
        .isInstanceOfSatisfying(
            Admission.Evicted.class,
            evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.SHUTTING_DOWN));
    assertThat(engine.enqueueAndWait(request("late")))
        .isInstanceOfSatisfying(
            Admission.Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(RejectReason.SHUTTING_DOWN));
  }
}
