package dev.sluice.flowcontrol.controller;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.RejectReason;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A future whose caller has left keeps neither a place nor a permit, and no receiver hangs. */
@Timeout(60)
final class FuturesTest {
  private static final Admission OTHER =
      new Admission.Rejected(RejectReason.OTHER, "by hand", Duration.ZERO, Duration.ZERO);

  private final HeldEngine gate = new HeldEngine();
  private final List<Object> seen = new ArrayList<>();
  private final FlowController engine =
      FlowController.builder(FlowControlConfig.builder().detector(gate.detector()).build())
          .timeSource(new FakeClock())
          .build();

  FuturesTest() {
    engine.poolChanged(PoolSnapshot.of("e"));
  }

  @AfterEach
  void close() {
    engine.checkInvariants();
    engine.close();
  }

  static Stream<Consumer<CompletableFuture<Admission>>> ends() {
    return Stream.of(
        future -> future.cancel(true),
        future -> future.complete(OTHER),
        future -> future.completeExceptionally(new TimeoutException()),
        future -> {
          var unused = future.completeAsync(() -> OTHER, Runnable::run);
        },
        future -> {
          var unused =
              future.completeAsync(
                  () -> {
                    throw new IllegalStateException();
                  },
                  Runnable::run);
        });
  }

  @ParameterizedTest
  @MethodSource("ends")
  void aFutureThatEndsOtherwiseLeavesItsQueue(Consumer<CompletableFuture<Admission>> end) {
    gate.room = 0;
    var future = engine.enqueue(request("a"));
    assertThat(engine.view().queuedRequests()).isOne();

    end.accept(future);

    assertThat(engine.view().queuedRequests()).isZero();
  }

  /** The first receiver of a batch ends a future whose permit is on the way in the same batch. */
  @ParameterizedTest
  @MethodSource("ends")
  void aPermitOnTheWayToAFutureThatEndsGoesBack(Consumer<CompletableFuture<Admission>> end) {
    gate.room = 0;
    var futures = new ArrayList<CompletableFuture<Admission>>();
    engine.enqueue(request("first"), outcome -> end.accept(futures.get(0)));
    futures.add(engine.enqueue(request("second")));

    gate.room = 2;
    engine.poolChanged(PoolSnapshot.of("e"));

    assertThat(engine.view().runningRequests()).as("the first's").isOne();
    assertThat(engine.view().queuedRequests()).isZero();
  }

  @Test
  void aFutureThatTimesOutLeavesItsQueue() {
    gate.room = 0;
    var future = engine.enqueue(request("a")).orTimeout(1, MILLISECONDS);

    assertThatThrownBy(() -> future.get(30, SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(TimeoutException.class);

    // The timer's thread ends the future first, and then gives the request up.
    while (engine.view().queuedRequests() > 0) {
      Thread.onSpinWait();
    }
  }

  @Test
  void aReceiverGetsWhatIsDecided() {
    engine.enqueue(
        request("outer"),
        outcome -> {
          seen.add(engine.enqueue(request("get")).join());
          seen.add(engine.enqueue(request("derived")).thenApply(o -> o.outcome()).join());
          try {
            seen.add(engine.enqueue(request("timed")).get(30, SECONDS));
            seen.add(engine.enqueueAndWait(request("waits")));
          } catch (Exception e) {
            seen.add(e);
          }
        });

    assertThat(seen).hasSize(4).noneMatch(Exception.class::isInstance);
    assertThat(engine.view().runningRequests()).isEqualTo(5);
  }

  @Test
  void aReceiverThatWouldHaveToWaitIsToldSo() {
    gate.room = 1;
    engine.enqueue(
        request("outer"),
        outcome -> {
          var future = engine.enqueue(request("get"));
          for (var waiting :
              List.<Runnable>of(
                  future::join,
                  () -> future.thenApply(o -> o.outcome()).join(),
                  () -> {
                    try {
                      future.get();
                    } catch (InterruptedException | ExecutionException e) {
                      throw new AssertionError(e);
                    }
                  },
                  () -> {
                    try {
                      engine.enqueueAndWait(request("waits"));
                    } catch (InterruptedException e) {
                      throw new AssertionError(e);
                    }
                  })) {
            try {
              waiting.run();
            } catch (IllegalStateException e) {
              seen.add(e.getMessage());
            }
          }
        });

    assertThat(seen).hasSize(4).allMatch(message -> message.toString().contains("receiver"));
    assertThat(engine.view().queuedRequests()).as("the future's").isOne();
  }

  @Test
  void anotherThreadMayWait() throws Exception {
    gate.room = 1;
    engine.enqueue(request("outer"), seen::add);
    var future = engine.enqueue(request("later"));
    var waiter = CompletableFuture.supplyAsync(future::join);

    ((Admission.Dispatched) seen.get(0)).permit().close();

    assertThat(waiter.get(30, SECONDS)).isInstanceOf(Admission.Dispatched.class);
  }

  @Test
  void aCancelledFutureIsTold() {
    gate.room = 0;
    var pending = engine.enqueue(request("a"), seen::add);

    assertThat(pending.cancel()).isTrue();

    assertThat(seen)
        .singleElement()
        .isInstanceOfSatisfying(
            Admission.Evicted.class,
            evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.CANCELLED));
  }

  private static FlowControlRequest request(String id) {
    return FlowControlRequest.builder(id, new FlowKey("t", 0)).build();
  }
}
