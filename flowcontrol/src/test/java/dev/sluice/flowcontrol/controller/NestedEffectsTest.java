package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an operation uses stays in its place, whatever the operation brings about meanwhile. */
final class NestedEffectsTest {
  private static final int QUEUES = 8;

  private final HeldEngine gate = new HeldEngine();
  private final List<Admission> outcomes = new ArrayList<>();
  private boolean sheds;

  /**
   * A flow has eight queues. An arrival for a ninth class finds room that time alone has made, so
   * the queued requests go first, and the first of them is shed: then the flow has a queue too
   * many, and the new one is empty as yet.
   */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, QUEUES, QUEUES + 1})
  void aNewQueueIsNotDroppedBeforeItsFirstRequestIsInIt(int room) {
    var band = BandConfig.DEFAULT;
    var config =
        FlowControlConfig.builder()
            .detector(gate.detector())
            .defaultTtl(Duration.ZERO)
            .defaultBand(
                band.withOrdering(
                    Plugin.<IntraFlowDispatchPolicy>of("shedding", Shedding::new), band.queue()))
            .build();
    try (var engine = FlowController.builder(config).timeSource(new FakeClock()).build()) {
      engine.poolChanged(PoolSnapshot.of("e"));
      gate.room = 0;
      for (var i = 0; i < QUEUES; i++) {
        offer(engine, "m" + i);
      }
      gate.room = room; // and no operation has told the engine
      sheds = true;

      offer(engine, "ninth");

      engine.checkInvariants();
      gate.room = QUEUES + 1;
      engine.poolChanged(PoolSnapshot.of("e"));
      assertThat(outcomes).hasSize(QUEUES + 1);
      assertThat(outcomes).filteredOn(Admission.Dispatched.class::isInstance).hasSize(QUEUES);
      engine.checkInvariants();
    }
  }

  private void offer(FlowController engine, String model) {
    engine.enqueue(
        FlowControlRequest.builder(model, new FlowKey("t", 0))
            .eligibility(Eligibility.ofModel(model))
            .build(),
        outcomes::add);
  }

  /** Sheds the first request. */
  private final class Shedding implements IntraFlowDispatchPolicy {
    @Override
    public long orderingKey(QueueItem item) {
      return 0;
    }

    @Override
    public Set<QueueCapability> requiredCapabilities() {
      return Set.of();
    }

    @Override
    public boolean isHopeless(QueueItem head, long nowNanos) {
      return sheds && head.request().id().equals("m0");
    }
  }
}
