package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.testing.NoShell;
import dev.sluice.flowcontrol.testing.Threads;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class IntakeTest {

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 4, 8, 64})
  void givesOperationsInTheOrderOfTheirTimes(int shards) {
    var intake = new Intake(shards);
    var random = new Random(1);
    var published = new ArrayList<Operation>();
    for (var i = 0; i < 1_000; i++) {
      var request = request("tenant-" + random.nextInt(50));
      published.add(request);
      intake.publish(request, request, Long.MAX_VALUE - 500 + i); // the clock may overflow
    }

    assertThat(takeAll(intake)).isEqualTo(published);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  void keepsTheOrderOfATenantsOperationsAtOneTime(int shards) {
    var intake = new Intake(shards);
    var published = IntStream.range(0, 100).<Operation>mapToObj(i -> request("tenant")).toList();
    published.forEach(operation -> intake.publish((PendingRequest) operation, operation, 7));

    assertThat(takeAll(intake)).isEqualTo(published);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  void tellsWhetherAnythingIsLeftUpToATime(int shards) {
    var intake = new Intake(shards);
    assertThat(intake.isEmpty()).isTrue();
    assertThat(intake.isEmptyUntil(10)).isTrue();

    var request = request("tenant");
    intake.publish(request, request, 10);

    assertThat(intake.isEmpty()).isFalse();
    assertThat(intake.isEmptyUntil(9)).isTrue();
    assertThat(intake.isEmptyUntil(10)).isFalse();
  }

  @Test
  void spreadsTenantsOverItsStripes() {
    var intake = new Intake(8);
    for (var i = 0; i < 100; i++) {
      var request = request("tenant-" + i);
      intake.publish(request, request, 5);
    }

    // Of equal times the lowest stripe goes first, so the order shows the stripes.
    var order = takeAll(intake).stream().map(IntakeTest::stripe).toList();
    assertThat(order).isSorted();
    assertThat(order.stream().distinct().count()).isEqualTo(8);
  }

  /**
   * Each operation is the last for a while. So if the holder missed an operation that was published
   * while it looked for the last time, the operation would never be seen.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 8})
  @Timeout(120)
  void losesNothingThatIsPublishedWhileItIsFoundEmpty(int shards) throws InterruptedException {
    var intake = new Intake(shards);
    var request = request("tenant");
    var taken = new AtomicInteger();
    var publisher =
        Threads.start(() -> {
          for (var i = 0; i < 5_000 && !Thread.interrupted(); i++) {
            intake.publish(request, request, i);
            while (taken.get() <= i && !Thread.currentThread().isInterrupted()) {
              Thread.onSpinWait();
            }
          }
        });
    try {
      while (publisher.isAlive() && !Thread.currentThread().isInterrupted()) {
        // As the holder of the lock does: it takes operations until it finds none.
        while (!intake.isEmpty()) {
          if (intake.poll() != null) {
            taken.incrementAndGet();
          }
        }
        Thread.onSpinWait();
      }
    } finally {
      publisher.interrupt();
      publisher.join();
    }

    assertThat(taken).hasValue(5_000);
  }

  private static int stripe(Operation operation) {
    return Math.floorMod(((PendingRequest) operation).request().tenant().hashCode(), 8);
  }

  private PendingRequest request(String tenant) {
    var request = FlowControlRequest.builder("r", new FlowKey(tenant, 0)).build();
    return PendingRequest.of(new NoShell(), request, Thread.currentThread());
  }

  private static List<Operation> takeAll(Intake intake) {
    var taken = new ArrayList<Operation>();
    assertThat(intake.isEmpty()).isFalse();
    for (var entry = intake.poll(); entry != null; entry = intake.poll()) {
      taken.add(entry.operation());
    }
    assertThat(intake.isEmpty()).isTrue();
    return taken;
  }
}
