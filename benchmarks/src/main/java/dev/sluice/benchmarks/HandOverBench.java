package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * How long does a freed permit take to reach the next request? The time runs from just before the
 * return of the permit to the first step of the next caller, in a pool of one place with 100
 * requests waiting. There are three cases: callers on virtual threads return the permit at once;
 * they hold it for 200 µs, so that the thread of the next caller has gone to sleep; or they use the
 * asynchronous entry.
 */
final class HandOverBench implements Bench {
  private static final int WAITING = 100;
  private static final long HELD_NANOS = 200_000;
  private static final long CALLBACKS_PER_MILLI = 500;
  private static final long LONGEST_NANOS = 60_000_000_000L;
  private static final int DIGITS = 3;

  @Override
  public String name() {
    return "hand-over";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    return List.of(betweenThreads(0, scale), betweenThreads(HELD_NANOS, scale), callbacks(scale));
  }

  private Result betweenThreads(long heldNanos, Scale scale) throws InterruptedException {
    try (var controller = Engines.withRoomFor(1)) {
      var handOvers = new HandOvers();
      var held = Engines.hold(controller, 1);
      try (var callers =
          Callers.start(
              WAITING,
              number -> {
                var request = request(number);
                return () -> {
                  var permit = Engines.permit(controller.enqueueAndWait(request));
                  handOvers.taken();
                  if (heldNanos > 0) {
                    LockSupport.parkNanos(heldNanos);
                  }
                  handOvers.freed();
                  Engines.complete(permit);
                };
              })) {
        Engines.awaitQueued(controller, WAITING);
        held.close();
        Thread.sleep(scale.warmUpMillis());
        handOvers.recording = true;
        var reading = callers.window(scale.windows() * scale.windowMillis());
        handOvers.recording = false;
        return handOvers.result(name(), "blocking", heldNanos, reading);
      }
    }
  }

  private Result callbacks(Scale scale) throws InterruptedException {
    try (var controller = Engines.withRoomFor(1)) {
      var handOvers = new HandOvers();
      new Chain(controller, handOvers, CALLBACKS_PER_MILLI * scale.warmUpMillis()).run();
      handOvers.recording = true;
      var length = CALLBACKS_PER_MILLI * scale.windows() * scale.windowMillis();
      var reading = new Chain(controller, handOvers, length).run();
      return handOvers.result(name(), "asynchronous", 0, reading);
    }
  }

  private static FlowControlRequest request(int number) {
    return FlowControlRequest.builder("r", new FlowKey("tenant-" + number, 0)).build();
  }

  /**
   * The measured hand-overs. Only the thread with the one permit uses them, so never two threads at
   * once.
   */
  private static final class HandOvers {
    private final Histogram histogram = new Histogram(LONGEST_NANOS, DIGITS);
    private volatile boolean recording;
    private long freedAtNanos;

    void freed() {
      freedAtNanos = System.nanoTime();
    }

    void taken() {
      if (recording && freedAtNanos != 0) {
        histogram.recordValue(System.nanoTime() - freedAtNanos);
      }
    }

    Result result(String bench, String entry, long heldNanos, Reading reading) {
      var params = new LinkedHashMap<String, Object>();
      params.put("entry", entry);
      params.put("waiting", WAITING);
      params.put("heldMicros", heldNanos / 1_000);
      return new Result(
          bench,
          params,
          reading.perSecond(),
          histogram.getMean(),
          reading.bytesPerOp(),
          Percentiles.of(histogram));
    }
  }

  /**
   * A chain of requests: each one that gets the permit offers another request and then returns the
   * permit, until {@code length} requests had it.
   */
  private static final class Chain {
    private final FlowController controller;
    private final HandOvers handOvers;
    private final FlowControlRequest[] requests = new FlowControlRequest[WAITING];
    private final long length;
    private long offered;
    private long done;

    Chain(FlowController controller, HandOvers handOvers, long length) {
      this.controller = controller;
      this.handOvers = handOvers;
      this.length = length;
      Arrays.setAll(requests, HandOverBench::request);
    }

    /** Lets all requests of the chain pass, on this thread. */
    Reading run() throws InterruptedException {
      var held = Engines.hold(controller, 1);
      for (var i = 0; i < WAITING; i++) {
        offer();
      }
      var before = Reading.now(0);
      held.close();
      if (done != length) {
        throw new IllegalStateException(done + " of " + length + " requests were dispatched");
      }
      return Reading.now(done).since(before);
    }

    private void offer() {
      if (offered < length) {
        var request = requests[(int) (offered++ % WAITING)];
        var _ = controller.enqueue(request, this::taken);
      }
    }

    private void taken(Admission admission) {
      handOvers.taken();
      done++;
      offer();
      handOvers.freed();
      Engines.complete(Engines.permit(admission));
    }
  }
}
