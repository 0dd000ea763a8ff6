package dev.sluice.benchmarks;

import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.List;
import java.util.Map;

/**
 * How many requests pass if each belongs to another flow than the one before? As in upstream's
 * {@code TopologyChurn}, 200 callers walk through 5,000 flows, share 100 permits and return each
 * permit at once.
 */
final class ChurnBench implements Bench {
  private static final int FLOWS = 5_000;
  private static final int CALLERS = 200;
  private static final int LIMIT = 100;
  private static final int STRIDE = 9_973;
  private static final int BYTES = 1_024;

  @Override
  public String name() {
    return "churn";
  }

  @Override
  public List<Result> run(Scale scale) throws InterruptedException {
    var requests = new FlowControlRequest[FLOWS];
    for (var i = 0; i < FLOWS; i++) {
      requests[i] =
          FlowControlRequest.builder("r", new FlowKey("novel-flow-" + i, 0))
              .sizeBytes(BYTES)
              .build();
    }
    try (var controller = Engines.withRoomFor(LIMIT)) {
      var held = Engines.hold(controller, LIMIT);
      try (var callers =
          Callers.start(
              CALLERS,
              number ->
                  new Callers.Step() {
                    private int next = (number + 1) * STRIDE;

                    @Override
                    public void take() throws InterruptedException {
                      Engines.roundTrip(controller, requests[++next % FLOWS]);
                    }
                  })) {
        Engines.awaitQueued(controller, CALLERS);
        held.close();
        var reading = callers.measure(scale);
        return List.of(reading.result(name(), Map.of("flows", FLOWS), Map.of()));
      }
    }
  }
}
