package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * A caller that has nothing to do with what goes on: every 50 µs it offers a request and takes it
 * back, on a thread of its own, and notes how long that took.
 */
final class Bystander implements AutoCloseable {
  private static final long REST_NANOS = 50_000;

  private final FlowController controller;
  private final Histogram nanos;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private volatile boolean closed;

  /** Begins to call; {@code nanos} gets what it sees, and is complete after {@link #close}. */
  Bystander(FlowController controller, Histogram nanos) {
    this.controller = controller;
    this.nanos = nanos;
    thread.execute(this::call);
  }

  private void call() {
    var request = FlowControlRequest.builder("r", new FlowKey("bystander", 0)).build();
    while (!closed) {
      var begun = System.nanoTime();
      controller.enqueue(request, Engines::ignore).cancel();
      nanos.recordValue(System.nanoTime() - begun);
      LockSupport.parkNanos(REST_NANOS);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.close();
  }
}
