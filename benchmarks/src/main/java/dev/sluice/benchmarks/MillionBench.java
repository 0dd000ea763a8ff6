package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/**
 * How much memory do a million waiting requests hold beyond their bodies, and how fast are they
 * dispatched when the pool serves them? They belong to 1,000 flows and come by the asynchronous
 * entry. The bytes are those of the request object and of all objects that the engine adds; the
 * rate is that of dispatching.
 */
final class MillionBench implements Bench {
  private static final int QUEUED = 1_000_000;
  private static final int QUICK_QUEUED = 50_000;
  private static final int FLOWS = 1_000;
  private static final int BYTES = 1_000;

  @Override
  public String name() {
    return "million";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    var queued = scale == Scale.QUICK ? QUICK_QUEUED : QUEUED;
    if (scale == Scale.FULL) {
      var _ = measure(queued);
    }
    return List.of(measure(queued));
  }

  private Result measure(int queued) throws InterruptedException {
    try (var controller = Engines.withRoomFor(1)) {
      var held = Engines.hold(controller, 1);
      var tenants = new String[FLOWS];
      for (var i = 0; i < FLOWS; i++) {
        tenants[i] = "tenant-" + i;
      }
      var drained = new LongAdder();
      var usedBefore = Heap.used();
      var started = System.nanoTime();
      for (var i = 0; i < queued; i++) {
        offer(controller, "request-" + i, tenants[i % FLOWS], drained);
      }
      var offerNanos = System.nanoTime() - started;
      var heldBytes = Heap.used() - usedBefore;
      var before = Reading.now(0);
      held.close();
      var reading = Reading.now(drained.sum()).since(before);
      if (reading.operations() != queued) {
        throw new IllegalStateException(
            reading.operations() + " of " + queued + " requests were dispatched");
      }
      Map<String, Double> more = new LinkedHashMap<>();
      more.put("drainSeconds", reading.nanos() / 1e9);
      more.put("nsPerOffer", (double) offerNanos / queued);
      return new Result(
          name(),
          Map.of("queued", queued),
          reading.perSecond(),
          reading.nsPerOp(),
          (double) heldBytes / queued,
          more);
    }
  }

  private static void offer(
      FlowController controller, String id, String tenant, LongAdder drained) {
    var request =
        FlowControlRequest.builder(id, new FlowKey(tenant, 0))
            .sizeBytes(BYTES)
            .inputTokens(BYTES / 4)
            .build();
    var _ = controller.enqueue(request, admission -> drain(admission, drained));
  }

  private static void drain(Admission admission, LongAdder drained) {
    Engines.complete(Engines.permit(admission));
    drained.increment();
  }
}
