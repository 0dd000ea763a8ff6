package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.testing.Threads;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is neither queued nor refused is bounded: so is the memory of a caller that never ends. */
@Timeout(120)
final class IntakeBoundTest {
  private static final int MANY = 20_000;

  private final HeldEngine gate = new HeldEngine();
  private final AtomicInteger decided = new AtomicInteger();
  private final List<Long> charged = new ArrayList<>();
  private final FlowController engine =
      FlowController.builder(
              FlowControlConfig.builder()
                  .detector(gate.detector())
                  .costModel(Plugin.<CostModel>of("recording", Recording::new))
                  .maxRequests(100)
                  .build())
          .timeSource(new FakeClock())
          .build();

  IntakeBoundTest() {
    engine.poolChanged(PoolSnapshot.of("e"));
  }

  @Test
  void aCallerThatOffersWithoutEndWaitsForTheLock() throws InterruptedException {
    var offered = new AtomicInteger();
    gate.room = 0;
    gate.hold(engine);
    var caller =
        Threads.start(() -> {
          for (var i = 0; i < MANY; i++) {
            engine.enqueue(request(), outcome -> decided.incrementAndGet());
            offered.incrementAndGet();
          }
        });

    HeldEngine.awaitWaiting(caller);
    assertThat(offered.get()).isBetween(Intake.LONG - 1, Intake.LONG + 1);

    gate.release();
    caller.join();
    engine.close();
    assertThat(decided).hasValue(MANY);
    engine.checkInvariants();
  }

  /** The receiver, not the caller, floods the intake: it waits, too, and nothing deadlocks. */
  @Test
  void aReceiverMayWaitForTheLock() throws InterruptedException {
    gate.room = 1;
    var told = new ArrayList<Admission>();
    engine.enqueue(request(), told::add);
    var inside = new AtomicInteger();
    gate.hold(engine);
    var caller =
        Threads.start(() -> {
          for (var i = 0; i <= Intake.LONG + 10; i++) {
            engine.enqueue(
                request(),
                outcome -> {
                  decided.incrementAndGet();
                  if (inside.incrementAndGet() < 1_000) {
                    engine.enqueue(request(), nested -> decided.incrementAndGet());
                  }
                });
          }
        });
    HeldEngine.awaitWaiting(caller);

    gate.release();
    caller.join();
    engine.close();
    assertThat(decided).hasValue(Intake.LONG + 11 + 999);
    engine.checkInvariants();
  }

  @Test
  void reportsOfProgressFold() throws InterruptedException {
    var told = new ArrayList<Admission>();
    engine.enqueue(request(), told::add);
    var permit = ((Admission.Dispatched) told.get(0)).permit();
    gate.hold(engine);

    for (var tokens = 1; tokens <= 1_000_000; tokens++) {
      permit.progress(Usage.of(0, tokens));
    }

    gate.release();
    assertThat(charged).containsExactly(1_000_000L);
    permit.close();
    assertThat(engine.view().bands().get(0).flows().get(0).dispatchedCost()).isEqualTo(1_000_000);
    engine.close();
  }

  /** Each report is later than the one before; the last one is charged, whoever applies it. */
  @Test
  void theLastReportIsNeverLost() throws InterruptedException {
    for (var round = 0; round < 2_000; round++) {
      var told = new ArrayList<Admission>();
      engine.enqueue(request(), told::add);
      var permit = ((Admission.Dispatched) told.get(0)).permit();
      var other =
          Threads.start(() -> {
            for (var i = 0; i < 20; i++) {
              engine.enqueue(request(), outcome -> {}).cancel();
            }
          });
      for (var tokens = 1; tokens <= 20; tokens++) {
        permit.progress(Usage.of(0, tokens));
      }
      other.join();
      assertThat(charged.get(charged.size() - 1)).as("round %d", round).isEqualTo(20L);
      permit.complete(Usage.of(0, 1));
    }
    engine.close();
  }

  private static FlowControlRequest request() {
    return FlowControlRequest.builder("r", new FlowKey("t", 0)).build();
  }

  /** One for each output token. */
  private final class Recording implements CostModel {
    @Override
    public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
      return 1;
    }

    @Override
    public long actual(Usage usage) {
      charged.add(usage.outputTokens());
      return usage.outputTokens();
    }
  }
}
