package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How many requests pass a pool that serves one at a time, while a number of callers on virtual
 * threads keep offering? Unless it is the only one, a request parks and is woken. 100 flows share
 * one band.
 */
@State(Scope.Benchmark)
public class RoundTripBenchmark {
  private static final int ROUND_TRIPS = 100_000;
  private static final int FLOWS = 100;

  /** The number of callers that offer at once. */
  @Param({"1", "100", "5000"})
  public int callers;

  private FlowController controller = Engines.withRoomFor(1);
  private FlowControlRequest[] requests = {};

  /** A fresh engine for each fork. */
  @Setup(Level.Trial)
  public void open() {
    controller.close();
    controller = Engines.withRoomFor(1);
    requests = new FlowControlRequest[FLOWS];
    for (var i = 0; i < FLOWS; i++) {
      requests[i] =
          FlowControlRequest.builder("r" + i, new FlowKey("tenant-" + i, 0))
              .sizeBytes(1_000)
              .inputTokens(50)
              .maxOutputTokens(200)
              .build();
    }
  }

  /** Closes the engine. */
  @TearDown(Level.Trial)
  public void close() {
    controller.close();
  }

  /** A fixed number of round trips, divided among the callers. */
  @Benchmark
  @OperationsPerInvocation(ROUND_TRIPS)
  public void roundTrip() throws InterruptedException, ExecutionException {
    var left = new AtomicInteger(ROUND_TRIPS);
    var done = new ArrayList<Future<?>>(callers);
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var i = 0; i < callers; i++) {
        var request = requests[i % FLOWS];
        done.add(
            threads.submit(() -> {
              while (left.getAndDecrement() > 0) {
                Engines.roundTrip(controller, request);
              }
              return null;
            }));
      }
      for (var caller : done) {
        caller.get();
      }
    }
  }
}
