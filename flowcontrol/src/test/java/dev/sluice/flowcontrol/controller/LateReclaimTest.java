package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A permit is taken back by the very arrival that then finds room, since its alarm is late. */
final class LateReclaimTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();
  private static final Duration LONGEST = Duration.ofSeconds(100);

  private final FakeClock clock = new FakeClock();
  private final Map<String, Permit> permits = new LinkedHashMap<>();
  private final List<Throwable> faults = new ArrayList<>();

  @ParameterizedTest
  @ValueSource(strings = {"round-robin", "virtual-token", "best-head"})
  void whoWaitsGoesBeforeTheArrival(String fairness) {
    var config =
        FlowControlConfig.builder()
            .detector(
                CATALOG.plugin(
                    SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 1)))
            .defaultBand(
                BandConfig.DEFAULT.withFairness(
                    CATALOG.plugin(InterFlowDispatchPolicy.class, fairness)))
            .defaultTtl(Duration.ZERO)
            .maxRequestDuration(LONGEST)
            .build();
    try (var engine =
        FlowController.builder(config).timeSource(clock).observer(new Faults()).build()) {
      engine.poolChanged(PoolSnapshot.of("server"));
      offer(engine, "lost", "x");
      offer(engine, "waiting", "y");
      clock.lag(LONGEST);

      offer(engine, "late", "y");
      assertThat(permits).as("before any other permit is free").containsOnlyKeys("lost", "waiting");
      for (var next : List.of("waiting", "late")) {
        var permit = permits.get(next);
        if (permit != null) {
          permit.close();
        }
      }

      assertThat(faults).isEmpty();
      assertThat(permits).containsOnlyKeys("lost", "waiting", "late");
      engine.checkInvariants();
    }
  }

  private void offer(FlowController engine, String id, String tenant) {
    var request = FlowControlRequest.builder(id, new FlowKey(id, 0)).tenant(tenant).build();
    engine.enqueue(
        request,
        admission -> {
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.put(id, dispatched.permit());
          }
        });
  }

  private final class Faults implements EngineObserver {
    @Override
    public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
      faults.add(cause);
    }
  }
}
