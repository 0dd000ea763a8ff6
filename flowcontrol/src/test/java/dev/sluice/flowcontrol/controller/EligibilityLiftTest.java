package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.OutputPredictor;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Time without room is no credit, and time with room takes no credit away. */
final class EligibilityLiftTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  private final ArrayDeque<Permit> permits = new ArrayDeque<>();
  private final StringBuilder served = new StringBuilder();
  private final FlowController engine =
      FlowController.builder(
              FlowControlConfig.builder()
                  .detector(
                      CATALOG.plugin(
                          SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 2)))
                  .outputPredictor(CATALOG.plugin(OutputPredictor.class, "none"))
                  .build())
          .timeSource(new FakeClock())
          .build();

  @AfterEach
  void close() {
    engine.close();
  }

  /** Inside a tenant: g could not be served for long, and gets an equal share afterwards. */
  @Test
  void aFlowThatHadNoRoomIsLiftedAmongThoseOfItsTenant() {
    serving("m");
    offer(12, "tenant", "f", "m", 10);
    offer(10, "tenant", "g", "n", 10);
    serveOneByOne(4);

    serving("m", "n");
    served.setLength(0);
    serveOneByOne(6);

    assertThat(served.toString().chars().filter(c -> c == 'g').count()).isBetween(2L, 4L);
  }

  /** B, which could have been served all the time, was charged too much, and gets it back. */
  @Test
  void aClassWithRoomIsNotSkipped() {
    serving("m", "n");
    offer(14, "A", "A", "m", 10);
    offer(1, "B", "B", "n", 1_000);
    offer(12, "B", "B", "n", 10);
    while (served.indexOf("B") < 0) {
      serveOneByOne(1);
    }
    var tooDear = permits.removeLast();
    served.setLength(0);
    serveOneByOne(5);
    assertThat(served.toString()).as("A goes on alone while B owes").isEqualTo("AAAAA");

    served.setLength(0);
    tooDear.complete(Usage.of(1, 0));
    serveOneByOne(3);

    assertThat(served.toString()).startsWith("BBBB");
  }

  private void serving(String... models) {
    engine.poolChanged(
        new PoolSnapshot(
            List.of(
                new EndpointState(
                    "e",
                    Set.of(models),
                    Set.of(),
                    true,
                    0,
                    0,
                    0,
                    0,
                    0,
                    1,
                    EndpointState.NEVER_SAMPLED))));
  }

  private void offer(int requests, String tenant, String flow, String model, long tokens) {
    for (var i = 0; i < requests; i++) {
      var request =
          FlowControlRequest.builder("r", new FlowKey(flow, 0))
              .tenant(tenant)
              .inputTokens(tokens)
              .eligibility(Eligibility.ofModel(model))
              .build();
      engine.enqueue(request, outcome -> decided(flow, outcome));
    }
  }

  private void decided(String flow, Admission outcome) {
    if (outcome instanceof Admission.Dispatched go) {
      permits.add(go.permit());
      served.append(flow);
    }
  }

  private void serveOneByOne(int requests) {
    for (var i = 0; i < requests; i++) {
      permits.removeFirst().close();
    }
  }
}
