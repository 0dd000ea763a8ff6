package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * How long does another caller wait while 100,000 queued requests expire at once, and how long does
 * the expiry take? The percentiles are of the calls of a {@link Bystander}.
 */
final class ExpiryBench implements Bench {
  private static final int FLOWS = 100;
  private static final long SHORTEST_WAIT_NANOS = 500_000_000;
  private static final long LONGEST_EXPIRY_SECONDS = 60;

  @Override
  public String name() {
    return "expiry";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    return Crowd.measure(name(), scale, ExpiryBench::expire);
  }

  private static Reading expire(int requests, Histogram pauses) throws InterruptedException {
    for (var wait = SHORTEST_WAIT_NANOS; ; wait *= 2) {
      var reading = expire(requests, wait, pauses);
      if (reading != null) {
        return reading;
      }
    }
  }

  /** Measures one expiry; null if the first requests expired before all were queued. */
  private static @Nullable Reading expire(int requests, long waitNanos, Histogram pauses)
      throws InterruptedException {
    var gone = new CountDownLatch(requests);
    var deadline = System.nanoTime() + waitNanos;
    try (var controller = Engines.withRoomFor(1)) {
      Engines.hold(controller, 1);
      for (var i = 0; i < requests; i++) {
        var request =
            FlowControlRequest.builder("r", new FlowKey("tenant-" + i % FLOWS, 0))
                .deadlineNanos(deadline)
                .build();
        var _ = controller.enqueue(request, admission -> countExpired(admission, gone));
      }
      var left = deadline - System.nanoTime();
      if (left <= 0) {
        return null;
      }
      TimeUnit.NANOSECONDS.sleep(left);
      var before = Reading.now(0);
      try (var _ = new Bystander(controller, pauses)) {
        if (!gone.await(LONGEST_EXPIRY_SECONDS, TimeUnit.SECONDS)) {
          throw new IllegalStateException(gone.getCount() + " requests have not expired");
        }
        return Reading.now(requests).since(before);
      }
    }
  }

  private static void countExpired(Admission admission, CountDownLatch gone) {
    if (admission instanceof Admission.Evicted evicted && evicted.reason() == EvictReason.EXPIRED) {
      gone.countDown();
    }
  }
}
