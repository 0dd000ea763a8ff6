package dev.sluice.flowcontrol.controller;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever a receiver or an observer throws, the others get what they are due. */
@Timeout(60)
final class BrokenCallersTest {
  private final FakeClock clock = new FakeClock();
  private final HeldEngine gate = new HeldEngine();
  private final List<EngineObserver.Source> failed = new ArrayList<>();
  private final List<Admission> outcomes = new ArrayList<>();

  static List<Throwable> throwables() {
    return List.of(
        new IllegalStateException("unchecked"),
        new AssertionError("error"),
        new Exception("sneaky"),
        new StackOverflowError(),
        new OutOfMemoryError("not really"));
  }

  @ParameterizedTest
  @MethodSource("throwables")
  void aReceiverThatThrowsCostsNobodyElseTheOutcome(Throwable thrown) {
    try (var engine = engine(new EngineObserver() {})) {
      gate.room = 0;
      for (var i = 0; i < 5; i++) {
        var throwsNow = i == 1;
        engine.enqueue(
            request("r" + i),
            outcome -> {
              if (throwsNow) {
                throw sneaky(thrown);
              }
              outcomes.add(outcome);
            });
      }

      gate.room = 3;
      engine.poolChanged(PoolSnapshot.of("e"));

      assertThat(outcomes).as("the fourth has the place of the second").hasSize(3);
      assertThat(engine.view().runningRequests()).isEqualTo(3);
      assertThat(engine.view().queuedRequests()).isOne();
      assertThat(failed).containsExactly(EngineObserver.Source.RECEIVER);
      engine.checkInvariants();
    }
  }

  @ParameterizedTest
  @MethodSource("throwables")
  void anObserverThatThrowsCostsNobodyTheOutcome(Throwable thrown) {
    var broken =
        new EngineObserver() {
          @Override
          public void dispatched(
              long sequence,
              long nowNanos,
              FlowControlRequest request,
              long waitedNanos,
              boolean fromQueue,
              boolean reservedTurn) {
            throw sneaky(thrown);
          }

          @Override
          public void failed(Source source, Throwable cause) {
            throw sneaky(thrown);
          }
        };
    try (var engine = engine(broken)) {
      gate.room = 0;
      engine.enqueue(request("a"), outcomes::add);
      engine.enqueue(request("b"), outcomes::add);

      gate.room = 2;
      engine.poolChanged(PoolSnapshot.of("e"));

      assertThat(outcomes).hasSize(2);
      assertThat(failed).containsOnly(EngineObserver.Source.OBSERVER).hasSize(2);
    }
  }

  @Test
  void anInterruptionThatAReceiverThrowsIsRestored() {
    try (var engine = engine(new EngineObserver() {})) {
      engine.enqueue(
          request("a"),
          outcome -> {
            throw sneaky(new InterruptedException());
          });

      assertThat(Thread.interrupted()).isTrue();
    }
  }

  @ParameterizedTest
  @MethodSource("throwables")
  void theAlarmGoesOnAfterAReceiverHasThrown(Throwable thrown) {
    try (var engine = engine(new EngineObserver() {})) {
      gate.room = 0;
      engine.enqueue(
          FlowControlRequest.builder("a", new FlowKey("t", 0))
              .timeToLive(Duration.ofSeconds(1))
              .build(),
          outcome -> {
            throw sneaky(thrown);
          });
      engine.enqueue(
          FlowControlRequest.builder("b", new FlowKey("t", 0))
              .timeToLive(Duration.ofSeconds(2))
              .build(),
          outcomes::add);

      clock.advance(Duration.ofSeconds(3));

      assertThat(outcomes)
          .singleElement()
          .isInstanceOfSatisfying(
              Admission.Evicted.class,
              evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.EXPIRED));
    }
  }

  /** What the alarm does fails, and is tried again until it does not. */
  @Test
  void theAlarmTriesAgainWhenItsRoundFails() {
    var failures = new ArrayList<Throwable>();
    var rounds = new int[1];
    var alarm =
        new EngineAlarm(
            clock,
            () -> {
              if (++rounds[0] < 3) {
                throw new AssertionError("round " + rounds[0]);
              }
            },
            failures::add);

    alarm.setBy(clock.nanoTime() + 1);
    clock.advance(Duration.ofSeconds(10));

    assertThat(rounds[0]).isEqualTo(3);
    assertThat(failures).hasSize(2);
  }

  @Test
  void theThreadOfAnAlarmSurvives() throws InterruptedException {
    var first = new CountDownLatch(1);
    var second = new CountDownLatch(2);
    try (var alarm =
        SystemTime.INSTANCE.newAlarm(() -> {
          first.countDown();
          second.countDown();
          throw new AssertionError("on purpose");
        })) {
      alarm.set(System.nanoTime());
      assertThat(first.await(30, SECONDS)).isTrue();

      alarm.set(System.nanoTime());

      assertThat(second.await(30, SECONDS)).isTrue();
    }
  }

  private FlowController engine(EngineObserver observer) {
    var engine =
        FlowController.builder(
                FlowControlConfig.builder().detector(gate.detector()).maxRequests(100).build())
            .timeSource(clock)
            .observer(observer)
            .observer(
                new EngineObserver() {
                  @Override
                  public void failed(Source source, Throwable cause) {
                    failed.add(source);
                  }
                })
            .build();
    engine.poolChanged(PoolSnapshot.of("e"));
    return engine;
  }

  private static FlowControlRequest request(String id) {
    return FlowControlRequest.builder(id, new FlowKey("t", 0)).build();
  }

  /** Throws without saying so. */
  @SuppressWarnings("unchecked")
  static <T extends Throwable> RuntimeException sneaky(Throwable thrown) throws T {
    throw (T) thrown;
  }
}
