package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.framework.CostModel;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.testing.Threads;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * No operation is forgotten between the threads that publish and the thread that decides, and each
 * thread comes to its turn. Two threads meet at a chosen place. Each of these mutants of {@link
 * DecisionLoop}, {@link Intake} and {@link FlowController} was tried once and failed here:
 *
 * <ol>
 *   <li>a publisher does not try the lock after publishing: the wake-up is lost
 *   <li>the intake has no second look after it says that nothing is left
 *   <li>a waiter that is interrupted keeps the permit that it was given meanwhile
 *   <li>a control operation does not wait for what was published before it
 *   <li>close has no last round for what was left to the alarm
 *   <li>a thread takes the lock past those that wait for it, which about two of three repetitions
 *       noticed
 * </ol>
 *
 * {@link StressTest} looks for the first three without choosing the place.
 */
@Timeout(120)
final class LockTest {
  private final HeldEngine gate = new HeldEngine();
  private final FakeClock clock = new FakeClock();
  private final List<Admission> outcomes = Collections.synchronizedList(new ArrayList<>());

  private FlowControlConfig.Builder config() {
    return FlowControlConfig.builder()
        .detector(gate.detector())
        .band(0, BandConfig.DEFAULT.withLimits(5_000, 1_000_000_000));
  }

  private FlowController engine() {
    return FlowController.builder(config().build()).timeSource(clock).build();
  }

  private static FlowControlRequest request(String id) {
    return FlowControlRequest.builder(id, new FlowKey("t", 0)).build();
  }

  /** The holder ends just before the publisher's operation is in the intake. */
  @Test
  void aPublisherThatComesTooLateForTheHolderDecidesItself() throws Exception {
    var stripe =
        new ConcurrentLinkedQueue<Intake.Entry>() {
          @Override
          public boolean add(Intake.Entry entry) {
            try {
              gate.release();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            return super.add(entry);
          }
        };
    var loop = loop(new Intake(List.<Queue<Intake.Entry>>of(stripe)));
    gate.hold(() -> loop.control(poolChanged(HeldEngine.HOLD)));

    var pending =
        PendingRequest.of(loop, request("late"), (Admission outcome) -> outcomes.add(outcome));
    loop.submit(pending, pending);

    assertThat(outcomes).singleElement().isInstanceOf(Admission.Dispatched.class);
    loop.close();
  }

  /** The publisher's operation arrives just after the holder has found nothing. */
  @Test
  void whatIsPublishedWhileNothingIsFoundIsSeen() {
    var late = new AtomicReference<@Nullable Runnable>();
    var stripe =
        new ConcurrentLinkedQueue<Intake.Entry>() {
          @Override
          public Intake.@Nullable Entry peek() {
            var first = super.peek();
            var publisher = first == null ? late.getAndSet(null) : null;
            if (publisher != null) {
              publisher.run();
            }
            return first;
          }
        };
    var intake = new Intake(List.<Queue<Intake.Entry>>of(stripe));
    var loop = loop(new Intake(1));
    var first = PendingRequest.of(loop, request("first"), (Admission outcome) -> {});
    var second = PendingRequest.of(loop, request("second"), (Admission outcome) -> {});
    intake.publish(first, first, 1);
    assertThat(intake.poll()).isNotNull();
    late.set(() -> intake.publish(second, second, 2));

    var polled = intake.poll();

    assertThat(polled != null || !intake.isEmpty()).isTrue();
  }

  @Test
  void anInterruptedWaiterGivesBackThePermitThatItGotMeanwhile() throws Exception {
    var engine = engine();
    gate.room = 0;
    var thrown = new AtomicReference<@Nullable Throwable>();
    var waiter =
        Threads.start(() -> {
          try {
            engine.enqueueAndWait(request("waiter"));
          } catch (InterruptedException e) {
            thrown.set(e);
          }
        });
    HeldEngine.awaitWaiting(waiter);
    while (engine.view().queuedRequests() == 0) {
      Thread.onSpinWait();
    }
    gate.hold(engine);
    gate.room = 1; // the holder will dispatch the waiter's request

    waiter.interrupt();
    gate.release();
    waiter.join();

    assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
    assertThat(engine.view().runningRequests()).isZero();
    engine.checkInvariants();
    engine.close();
  }

  @Test
  void aControlComesAfterAllThatWasPublishedBeforeIt() throws Exception {
    var engine = engine();
    gate.room = 0;
    gate.hold(engine);
    for (var i = 0; i < 1_000; i++) { // more than one round decides
      engine.enqueue(request("r" + i), outcomes::add);
    }
    var closer =
        Threads.start(() -> {
          var unused = engine.shutdown(Duration.ofHours(1));
        });
    HeldEngine.awaitWaiting(closer);

    gate.release();
    closer.join();

    assertThat(outcomes).as("all were queued before the shutdown").isEmpty();
    engine.close();
    assertThat(outcomes).hasSize(1_000).noneMatch(LockTest::isRejected);
  }

  private static boolean isRejected(Admission outcome) {
    return outcome instanceof Admission.Rejected rejected
        && rejected.reason() == RejectReason.SHUTTING_DOWN;
  }

  /** While the alarm is being closed, a holder leaves it more than one thread should decide. */
  @Test
  void closeDecidesWhatWasLeftToTheAlarm() {
    var whileClosing = new AtomicReference<@Nullable Runnable>();
    var time =
        new TimeSource() {
          @Override
          public long nanoTime() {
            return clock.nanoTime();
          }

          @Override
          public Alarm newAlarm(Runnable onFire) {
            var alarm = clock.newAlarm(onFire);
            return new Alarm() {
              @Override
              public void set(long nanoTime) {
                alarm.set(nanoTime);
              }

              @Override
              public void close() {
                alarm.close();
                var action = whileClosing.getAndSet(null);
                if (action != null) {
                  action.run();
                }
              }
            };
          }
        };
    var engine = FlowController.builder(config().build()).timeSource(time).build();
    whileClosing.set(() -> {
      try {
        gate.hold(engine);
        for (var i = 0; i < 1_000; i++) {
          engine.enqueue(request("r" + i), outcomes::add);
        }
        gate.release();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    });

    engine.close();

    assertThat(outcomes).hasSize(1_000);
  }

  /** The holder leaves the lock to the thread that waits, although operations are left. */
  @RepeatedTest(20)
  void whoWaitsForTheLockGoesBeforeWhoHadIt() throws Exception {
    var order = Collections.synchronizedList(new ArrayList<String>());
    var estimatedBy = new AtomicReference<@Nullable Thread>();
    var engine =
        FlowController.builder(
                config()
                    .costModel(Plugin.<CostModel>of("who", () -> new WhoEstimates(estimatedBy)))
                    .build())
            .timeSource(clock)
            .build();
    gate.onPool = snapshot -> order.add(snapshot.endpoints().get(0).id());
    gate.hold(() -> {
      engine.poolChanged(PoolSnapshot.of(HeldEngine.HOLD));
      engine.poolChanged(PoolSnapshot.of("again"));
    });
    var waiter = Threads.start(() -> engine.poolChanged(PoolSnapshot.of("waiter")));
    HeldEngine.awaitWaiting(waiter);
    engine.enqueue(request("published"), outcomes::add);

    gate.release();
    waiter.join();

    assertThat(estimatedBy.get()).as("decides what was published").isSameAs(waiter);
    assertThat(order).containsExactly(HeldEngine.HOLD, "waiter", "again");
    engine.close();
  }

  /** Notes on which thread an offer is decided. */
  private record WhoEstimates(AtomicReference<@Nullable Thread> thread) implements CostModel {
    @Override
    public long estimate(FlowControlRequest request, long inputTokens, long outputTokens) {
      thread.set(Thread.currentThread());
      return 1;
    }

    @Override
    public long actual(Usage usage) {
      return 1;
    }
  }

  /** Two threads offer at the same time, many times: after both calls both are decided. */
  @Test
  void twoOffersAtATimeAreBothDecided() throws Exception {
    var rounds = 20_000;
    var engine = engine();
    engine.poolChanged(PoolSnapshot.of("e"));
    var arrived = new AtomicInteger();
    var left = new AtomicInteger();
    var decided = new AtomicInteger();
    var wrong = new AtomicInteger();
    var done = new CountDownLatch(2);
    Runnable actor =
        () -> {
          for (var round = 1; round <= rounds; round++) {
            arrived.incrementAndGet();
            while (arrived.get() < 2 * round) {
              Thread.onSpinWait();
            }
            engine.enqueue(
                request("r"),
                outcome -> {
                  decided.incrementAndGet();
                  ((Admission.Dispatched) outcome).permit().close();
                });
            left.incrementAndGet();
            while (left.get() < 2 * round) {
              Thread.onSpinWait();
            }
            if (decided.get() < 2 * round) {
              wrong.incrementAndGet();
            }
          }
          done.countDown();
        };
    Threads.start(actor);
    Threads.start(actor);
    done.await();

    assertThat(wrong).hasValue(0);
    assertThat(engine.view().runningRequests()).isZero();
    engine.close();
  }

  private DecisionLoop loop(Intake intake) {
    var loop = new DecisionLoop(config().build(), clock, intake, new Observers(List.of()));
    loop.control(poolChanged("e"));
    return loop;
  }

  private static Operation poolChanged(String endpoint) {
    return new Operation.PoolChanged(PoolSnapshot.of(endpoint));
  }
}
