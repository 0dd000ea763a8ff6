package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.List;
import java.util.Map;

/**
 * What does it cost if callers give up? As in upstream's {@code MassCancellation}, 200 callers
 * offer to a pool that stays full, and cancel after 50 ms. At most 4,000 cancellations a second are
 * possible, so the figure that counts is the CPU time. No request may be left in a queue.
 *
 * <p>The bench also measures callers that only sleep for 50 ms. Their cost is that of the JVM's
 * timers and threads, and not of the engine.
 */
final class CancellationBench implements Bench {
  private static final int CALLERS = 200;
  private static final long PATIENCE_MILLIS = 50;
  private static final int BYTES = 1_024;

  @Override
  public String name() {
    return "cancellation";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    var request =
        FlowControlRequest.builder("r", new FlowKey("tenant", 0)).sizeBytes(BYTES).build();
    try (var controller = Engines.withRoomFor(1)) {
      Engines.hold(controller, 1);
      Reading reading;
      try (var callers =
          Callers.start(
              CALLERS,
              number ->
                  () -> {
                    var pending = controller.enqueue(request, Engines::ignore);
                    Thread.sleep(PATIENCE_MILLIS);
                    if (!pending.cancel()) {
                      throw new IllegalStateException(
                          "a request was decided before it was cancelled");
                    }
                  })) {
        reading = callers.measure(scale);
      }
      var left = controller.view().queuedRequests();
      if (left != 0) {
        throw new IllegalStateException(left + " requests are queued after all were cancelled");
      }
      return List.of(
          reading.result(
              name(),
              Map.of("callers", CALLERS),
              Map.of(
                  "cpuSecondsPer1000",
                  reading.cpuMicrosPerOp() / 1e3,
                  "cpuSecondsPer1000Sleeps",
                  sleepers(scale).cpuMicrosPerOp() / 1e3)));
    }
  }

  private static Reading sleepers(Scale scale) throws InterruptedException {
    try (var callers = Callers.start(CALLERS, number -> () -> Thread.sleep(PATIENCE_MILLIS))) {
      return callers.measure(scale);
    }
  }
}
