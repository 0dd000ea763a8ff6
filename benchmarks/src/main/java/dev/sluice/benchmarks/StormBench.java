package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.PendingAdmission;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.HdrHistogram.Histogram;

/**
 * What does a cancellation cost if the callers of 100,000 queued requests cancel at once, and how
 * long does another caller wait? Several threads cancel, in random order. The percentiles are of
 * the calls of a {@link Bystander}.
 */
final class StormBench implements Bench {
  private static final int FLOWS = 100;
  private static final int THREADS = 4;

  @Override
  public String name() {
    return "storm";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    return Crowd.measure(name(), scale, StormBench::cancelAll);
  }

  private static Reading cancelAll(int requests, Histogram pauses) throws InterruptedException {
    try (var controller = Engines.withRoomFor(1)) {
      Engines.hold(controller, 1);
      var queued = new ArrayList<PendingAdmission>();
      for (var i = 0; i < requests; i++) {
        var request =
            FlowControlRequest.builder("r", new FlowKey("tenant-" + i % FLOWS, 0)).build();
        queued.add(controller.enqueue(request, Engines::ignore));
      }
      Collections.shuffle(queued, new Random(1));
      Reading reading;
      try (var _ = new Bystander(controller, pauses)) {
        var before = Reading.now(0);
        var threads = new ArrayList<Thread>();
        for (var first = 0; first < THREADS; first++) {
          var own = first;
          threads.add(Thread.ofPlatform().start(() -> cancel(queued, own)));
        }
        for (var thread : threads) {
          thread.join();
        }
        reading = Reading.now(requests).since(before);
      }
      var left = controller.view().queuedRequests();
      if (left != 0) {
        throw new IllegalStateException(left + " cancelled requests are still queued");
      }
      return reading;
    }
  }

  private static void cancel(List<PendingAdmission> queued, int first) {
    for (var i = first; i < queued.size(); i += THREADS) {
      queued.get(i).cancel();
    }
  }
}
