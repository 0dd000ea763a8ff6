package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.model.Knobs.Detector;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Nothing goes after its deadline or into a pool that is unknown: invariants 6 and 7 of DESIGN 3.6.
 */
@Timeout(120)
final class TimeInvariantsTest extends EngineScenario {

  @Nested
  final class I6Deadlines {

    @Test
    void expiresWhenItsTimeToLiveIsOverAndNotBefore() {
      var engine = engine(Knobs.DEFAULT);
      engine.poolChanged(PoolSnapshot.of("e"));
      offer(engine, request("a", 0).build());
      offer(engine, request("a", 0).timeToLive(Duration.ofSeconds(3)).build());

      clock.advance(Duration.ofSeconds(3).minusNanos(1));
      assertThat(events.count("evicted")).isZero();

      clock.advance(Duration.ofNanos(1));
      assertThat(outcomes.get("r2")).singleElement().isInstanceOf(Admission.Evicted.class);
    }

    @Test
    void expiresAtItsDeadlineAndNotBefore() {
      var engine = engine(Knobs.DEFAULT);
      engine.poolChanged(PoolSnapshot.of("e"));
      offer(engine, request("a", 0).build());
      var deadline = clock.nanoTime() + Duration.ofSeconds(5).toNanos();
      offer(engine, request("a", 0).deadlineNanos(deadline).build());

      clock.advance(Duration.ofSeconds(5).minusNanos(1));
      assertThat(events.count("evicted")).isZero();

      clock.advance(Duration.ofNanos(1));
      assertThat(outcomes.get("r2")).singleElement().isInstanceOf(Admission.Evicted.class);
    }

    @Test
    void dispatchesNothingAtOrAfterItsDeadlineHoweverLateTheTimer() {
      var engine = engine(Knobs.DEFAULT);
      engine.poolChanged(PoolSnapshot.of("e"));
      offer(engine, request("a", 0).build());
      offer(engine, request("a", 0).timeToLive(Duration.ofSeconds(3)).build());
      offer(engine, request("a", 0).build());

      clock.lag(Duration.ofSeconds(3));
      permits.remove(0).complete(Usage.of(10, 5));

      assertThat(events.kinds()).endsWith("queued", "queued", "evicted", "returned", "dispatched");
      assertThat(outcomes.get("r2")).first().isInstanceOf(Admission.Evicted.class);
    }

    @Test
    void dispatchesNothingExpiredWhenMoreExpireThanOneHoldOfTheLockAllows() {
      var engine = engine(Knobs.DEFAULT);
      engine.poolChanged(PoolSnapshot.of("e"));
      offer(engine, request("a", 0).build());
      for (var i = 0; i < 1_000; i++) {
        offer(engine, request("a", 0).timeToLive(Duration.ofSeconds(3)).build());
      }

      clock.lag(Duration.ofSeconds(3));
      permits.remove(0).complete(Usage.of(10, 5));
      assertThat(events.count("evicted")).as("one caller's part of it").isBetween(1L, 300L);
      clock.settle();

      assertThat(events.count("dispatched")).isEqualTo(1);
      assertThat(events.count("evicted")).isEqualTo(1_000);
    }
  }

  @Nested
  final class I7UnknownAndEmpty {

    @Test
    void aSaturationOfNanClosesTheGate() {
      var engine = engine(Knobs.DEFAULT.withDetector(Detector.SCRIPTED, 9));
      engine.poolChanged(
          Translation.pool(List.of(new Command.Endpoint("e", Set.of(), true, false))));

      offer(engine, request("a", 0).build());
      assertThat(events.kinds()).containsExactly("queued");

      engine.poolChanged(PoolSnapshot.of("e"));
      assertThat(events.kinds()).containsExactly("queued", "dispatched");
    }

    @Test
    void unknownMetricsRevokeNothing() {
      var engine = engine(Knobs.DEFAULT.withDetector(Detector.SCRIPTED, 1));
      engine.poolChanged(PoolSnapshot.of("e"));
      offer(engine, request("a", 0).build());

      engine.poolChanged(
          Translation.pool(List.of(new Command.Endpoint("e", Set.of(), true, false))));
      clock.advance(Duration.ofSeconds(10));

      assertThat(events.kinds()).containsExactly("dispatched");
      assertThat(engine.view().runningRequests()).isEqualTo(1);
    }

    @Test
    void aPoolWithoutEndpointsRevokesNothing() {
      var engine = engine(Knobs.DEFAULT.withDetector(Detector.SCRIPTED, 1));
      engine.poolChanged(PoolSnapshot.of("e"));
      offer(engine, request("a", 0).build());

      engine.poolChanged(PoolSnapshot.EMPTY);
      clock.advance(Duration.ofSeconds(10));

      assertThat(events.kinds()).containsExactly("dispatched");
      assertThat(engine.view().runningRequests()).isEqualTo(1);
    }

    @Test
    void aPermitKeepsItsRoomWhileThePoolIsEmpty() {
      var engine = engine(Knobs.DEFAULT.withDetector(Detector.SCRIPTED, 1));
      engine.poolChanged(PoolSnapshot.of("e"));
      offer(engine, request("a", 0).build());

      engine.poolChanged(PoolSnapshot.EMPTY);
      engine.poolChanged(PoolSnapshot.of("e"));
      offer(engine, request("a", 0).build());
      permits.remove(0).complete(Usage.of(10, 5));

      assertThat(events.kinds()).containsExactly("dispatched", "queued", "returned", "dispatched");
    }

    @Test
    void staleMetricsRevokeNothing() {
      var engine =
          engine(
              FlowControlConfig.builder()
                  .detector(CATALOG.plugin(SaturationDetector.class, "utilization"))
                  .build());
      engine.poolChanged(sampledNow());
      offer(engine, request("a", 0).build());
      assertThat(events.kinds()).containsExactly("dispatched");

      clock.advance(Duration.ofSeconds(10));
      offer(engine, request("a", 0).build());

      assertThat(events.kinds()).containsExactly("dispatched", "queued");
      assertThat(engine.view().runningRequests()).isEqualTo(1);

      engine.poolChanged(sampledNow());
      assertThat(events.kinds()).containsExactly("dispatched", "queued", "dispatched");
    }

    private PoolSnapshot sampledNow() {
      return new PoolSnapshot(
          List.of(
              new EndpointState(
                  "e", Set.of(), Set.of(), true, 0, 0, 0.0, 0, 0, 1.0, clock.nanoTime())));
    }
  }
}
