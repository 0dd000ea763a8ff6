package dev.sluice.simulation.experiments;

import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.simulation.run.VirtualTime;
import java.util.ArrayDeque;
import java.util.List;

/**
 * The number of decisions that the whole engine makes in a second with 10,000 waiting flows, on one
 * thread. In a decision a permit comes back with its usage, the next request is chosen, and another
 * one is queued. The clock is the machine's own, so the figure is reported and has no bound.
 */
final class DecisionSpeed {
  private static final int FLOWS = 10_000;
  private static final long WARM_UP_NANOS = 1_000_000_000;
  private static final long MEASURED_NANOS = 500_000_000;
  private static final int BETWEEN_LOOKS_AT_THE_CLOCK = 64;
  private static final double NANOS_PER_SECOND = 1e9;

  private final ArrayDeque<Permit> permits = new ArrayDeque<>();
  private final FlowController engine;
  private int offered;

  private DecisionSpeed(Policy policy) {
    engine =
        FlowController.builder(policy.applied().apply(new Setup(4)).build())
            .timeSource(new VirtualTime())
            .build();
  }

  static List<Figure> measure(Policy policy, long seed) {
    return List.of(
        Figure.atLeast("decisions per second, only reported", new DecisionSpeed(policy).run(), 0));
  }

  private double run() {
    try (engine) {
      engine.poolChanged(PoolSnapshot.of("e"));
      while (offered < FLOWS + 4) {
        offer();
      }
      perSecond(WARM_UP_NANOS);
      return perSecond(MEASURED_NANOS);
    }
  }

  /**
   * Decides for {@code nanos}; a baseline that scans all flows makes few decisions in that time.
   */
  private double perSecond(long nanos) {
    var began = System.nanoTime();
    for (var decisions = 0; ; decisions++) {
      if (decisions % BETWEEN_LOOKS_AT_THE_CLOCK == 0) {
        var took = System.nanoTime() - began;
        if (took >= nanos) {
          return decisions * NANOS_PER_SECOND / took;
        }
      }
      permits.removeFirst().complete(Usage.of(100, decisions % 300));
      offer();
    }
  }

  private void offer() {
    var flow = new FlowKey("f" + offered++ % FLOWS, 0);
    var request = FlowControlRequest.builder("r", flow).inputTokens(100).build();
    var _ =
        engine.enqueue(
            request,
            outcome -> {
              if (outcome instanceof Admission.Dispatched go) {
                permits.add(go.permit());
              }
            });
  }
}
