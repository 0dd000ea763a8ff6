package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What does a decision cost while many flows have requests waiting? A permit comes back, and the
 * engine finds the next request. One thread does all of it; each flow always has at least one
 * request waiting.
 *
 * <p>{@code comparisons} is the number of comparisons between flows, for fairness and for
 * displacement, as counted by {@link CountingPolicies}.
 */
final class DecisionBench implements Bench {
  private static final int[] FLOWS = {10, 1_000, 10_000, 100_000};

  /** The smallest batch of decisions that is timed together. Nothing arrives during a batch. */
  private static final int LEAST_BATCH = 1_000;

  @Override
  public String name() {
    return "decision";
  }

  @Override
  public List<Result> run(Scale scale) {
    var results = new ArrayList<Result>();
    for (var flows : FLOWS) {
      results.add(
          time(flows, scale)
              .result(name(), Map.of("flows", flows), Map.of("comparisons", comparisons(flows))));
    }
    return results;
  }

  private static Reading time(int flows, Scale scale) {
    try (var controller = Engines.withRoomFor(1)) {
      var pool = new FullPool(controller, flows);
      pool.decide(scale.warmUpMillis());
      var windows = new ArrayList<Reading>();
      for (var i = 0; i < scale.windows(); i++) {
        windows.add(pool.decide(scale.windowMillis()));
      }
      return Reading.median(windows);
    }
  }

  private static double comparisons(int flows) {
    var policies = new CountingPolicies();
    try (var controller = Engines.of(policies.in(Engines.configWithRoomFor(1)))) {
      var pool = new FullPool(controller, flows);
      var before = policies.comparisons();
      var decisions = pool.decideOnce();
      return (double) (policies.comparisons() - before) / decisions;
    }
  }

  /** A pool with one place, in front of which flows have two batches of requests queued. */
  private static final class FullPool {
    private final FlowController controller;
    private final FlowControlRequest[] requests;
    private final int batch;
    private @Nullable Permit permit;

    FullPool(FlowController controller, int flows) {
      this.controller = controller;
      this.requests = new FlowControlRequest[flows];
      this.batch = Math.max(flows, LEAST_BATCH);
      for (var i = 0; i < flows; i++) {
        requests[i] =
            FlowControlRequest.builder("r", new FlowKey("tenant-" + i, 0)).inputTokens(50).build();
      }
      fill();
      fill();
    }

    private void fill() {
      for (var i = 0; i < batch; i++) {
        var _ = controller.enqueue(requests[i % requests.length], this::taken);
      }
    }

    private void taken(Admission admission) {
      if (admission instanceof Admission.Dispatched dispatched) {
        permit = dispatched.permit();
      }
    }

    /** Decides for at least {@code millis}, not counting the time to fill the queues again. */
    Reading decide(long millis) {
      var sum = new Reading(0, 0, 0, 0);
      do {
        var before = Reading.now(0);
        var decisions = decideOnce();
        sum = sum.plus(Reading.now(decisions).since(before));
        fill();
      } while (sum.nanos() < millis * 1_000_000);
      return sum;
    }

    /** Makes one batch of decisions, and returns their number. */
    int decideOnce() {
      for (var i = 0; i < batch; i++) {
        var held = permit;
        if (held == null) {
          throw new IllegalStateException("nothing was dispatched after decision " + i);
        }
        permit = null;
        Engines.complete(held);
      }
      return batch;
    }
  }
}
