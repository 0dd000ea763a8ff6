package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Usage;
import java.util.Map;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The cost of a decision grows as the logarithm of the flows: the last invariant of DESIGN 3.6. */
@Timeout(120)
final class CostInvariantsTest extends EngineScenario {

  @Nested
  final class I9Cost {
    private static final int FEW = 10;
    private static final int MANY = 10_000;
    private static final int DECISIONS = 200;

    /** Ten thousand flows are 4 times as deep as ten; a scan would cost 1,000 times as much. */
    private static final double MOST_GROWTH = 6.0;

    @Test
    void aDispatchCostsTheLogarithmOfTheFlows() {
      assertThat(dispatches(MANY)).isLessThan((long) (MOST_GROWTH * dispatches(FEW)));
    }

    @Test
    void aCancellationCostsTheLogarithmOfTheFlows() {
      assertThat(cancellations(MANY)).isLessThan((long) (MOST_GROWTH * cancellations(FEW)));
    }

    @Test
    void aDisplacementCostsTheLogarithmOfTheFlows() {
      assertThat(displacements(MANY)).isLessThan((long) (MOST_GROWTH * displacements(FEW)));
    }

    @Test
    void aLongQueueCostsNoMoreThanAShortOne() {
      assertThat(ofOneFlow(MANY)).isLessThan((long) (MOST_GROWTH * ofOneFlow(FEW)));
    }

    /** A tenant reaches its limit, and leaves it again, with each of its requests. */
    @Test
    void aTenantsRunningLimitCostsTheLogarithmOfItsFlows() {
      assertThat(limitTransitions(MANY)).isLessThan((long) (MOST_GROWTH * limitTransitions(FEW)));
    }

    private long limitTransitions(int flows) {
      var counting = new CountingPlugins();
      var engine =
          engine(
              counting.config(0).toBuilder()
                  .tenant("one", new TenantConfig(1.0, 0, 1, 0))
                  .detector(
                      CATALOG.plugin(
                          SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 5)))
                  .build());
      engine.poolChanged(PoolSnapshot.of("e"));
      permits.clear();
      events.all.clear();
      for (var i = 0; i <= flows; i++) {
        offer(engine, request("f" + i % flows, 0).tenant("one").build());
      }
      assertThat(permits).as("the tenant is at its limit").hasSize(1);
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        permits.remove(permits.size() - 1).complete(Usage.of(10, 5));
        offer(engine, request("f" + i % flows, 0).tenant("one").build());
      }
      assertThat(events.count("dispatched")).isEqualTo(DECISIONS + 1);
      return counting.work - before;
    }

    private long dispatches(int flows) {
      var counting = new CountingPlugins();
      var engine = engine(counting.config(0));
      engine.poolChanged(PoolSnapshot.of("e"));
      fill(engine, flows);
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        permits.remove(permits.size() - 1).complete(Usage.of(10, 5));
        offer(engine, request("f" + i % flows, 0).build());
      }
      assertThat(events.count("dispatched")).isGreaterThanOrEqualTo(DECISIONS);
      return counting.work - before;
    }

    private long cancellations(int flows) {
      var counting = new CountingPlugins();
      var engine = engine(counting.config(0));
      fill(engine, flows);
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        assertThat(offer(engine, request("f" + i % flows, 0).build()).cancel()).isTrue();
      }
      return counting.work - before;
    }

    private long displacements(int flows) {
      var counting = new CountingPlugins();
      var engine = engine(counting.config(flows + DECISIONS + 1));
      fill(engine, flows);
      for (var i = 0; i < DECISIONS; i++) {
        offer(engine, request("f" + i % flows, 0).build());
      }
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        offer(engine, request("high", 5).build());
      }
      assertThat(events.count("evicted")).isGreaterThanOrEqualTo(DECISIONS - 1);
      return counting.work - before;
    }

    private long ofOneFlow(int length) {
      var counting = new CountingPlugins();
      var engine = engine(counting.config(0));
      engine.poolChanged(PoolSnapshot.of("e"));
      for (var i = 0; i <= length; i++) {
        offer(engine, request("f", 0).build());
      }
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        permits.remove(permits.size() - 1).complete(Usage.of(10, 5));
        offer(engine, request("f", 0).build());
        assertThat(offer(engine, request("f", 0).build()).cancel()).isTrue();
      }
      return counting.work - before;
    }

    private void fill(FlowController engine, int flows) {
      permits.clear();
      events.all.clear();
      for (var i = 0; i <= flows; i++) {
        offer(engine, request("f" + i % flows, 0).build());
      }
    }
  }
}
