package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;

/**
 * An independent caller that shows how long the engine keeps others waiting. Every 50 µs it offers
 * a request and cancels it, on a thread of its own, and records how long that took.
 */
final class Bystander implements AutoCloseable {
  private static final long REST_NANOS = 50_000;

  private final FlowController controller;
  private final Histogram nanos;
  private final ExecutorService thread = Executors.newSingleThreadExecutor();
  private volatile boolean closed;

  /** Starts to call. The times are recorded in {@code nanos}, completely after {@link #close}. */
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
