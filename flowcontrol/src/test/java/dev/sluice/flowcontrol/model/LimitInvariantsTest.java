package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.model.Knobs.Band;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * No limit is exceeded, and displacement stays inside its rules: invariants 4 and 5 of DESIGN 3.6.
 */
@Timeout(120)
final class LimitInvariantsTest extends EngineScenario {

  @Nested
  final class I4Limits {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void noLimitIsExceededNotEvenForAMoment(long seed) {
      var band = Band.DEFAULT.withLimits(6, 70).withFlowLimits(4, 50);
      var engine =
          engine(
              Translation.config(
                      Knobs.DEFAULT.withMaxRequests(10).withMaxBytes(100).withTemplates(band, band))
                  .toBuilder()
                  .defaultTenant(new TenantConfig(1, 5, 0, 60))
                  .build());
      engine.poolChanged(PoolSnapshot.of("e"));

      runAtRandom(engine, seed, 6_000);

      var requests = new HashMap<String, Integer>();
      var bytes = new HashMap<String, Long>();
      var most = new HashMap<String, Long>();
      for (var event : events.all) {
        var waits = event.kind().equals("queued");
        if (!waits && !(event.kind().equals("evicted") || event.fromQueue())) {
          continue;
        }
        var flow = event.request().flow();
        var scopes =
            List.of(
                "all",
                "band " + flow.priority(),
                "flow " + flow,
                "tenant " + event.request().tenant());
        for (var scope : scopes) {
          var n = requests.merge(scope, waits ? 1 : -1, Integer::sum);
          var size = event.request().sizeBytes();
          var b = bytes.merge(scope, waits ? size : -size, Long::sum);
          var kind = scope.substring(0, scope.indexOf(' ') < 0 ? 3 : scope.indexOf(' '));
          most.merge(kind + " requests", (long) n, Math::max);
          most.merge(kind + " bytes", b, Math::max);
        }
      }
      assertThat(most.get("all requests")).isEqualTo(10);
      assertThat(most.get("all bytes")).isBetween(90L, 100L);
      assertThat(most.get("band requests")).isEqualTo(6);
      assertThat(most.get("band bytes")).isBetween(60L, 70L);
      assertThat(most.get("flow requests")).isEqualTo(4);
      assertThat(most.get("flow bytes")).isBetween(40L, 50L);
      assertThat(most.get("tenant requests")).isEqualTo(5);
      assertThat(most.get("tenant bytes")).isBetween(50L, 60L);
    }

    @Test
    void aLoweredLimitDrainsAndEvictsNobody() {
      var engine = engine(Knobs.DEFAULT);
      for (var i = 0; i < 5; i++) {
        offer(engine, request("a", 0).build());
      }

      engine.reconfigure(Translation.config(Knobs.DEFAULT.withMaxRequests(2)));
      offer(engine, request("a", 0).build());

      assertThat(engine.view().queuedRequests()).isEqualTo(5);
      assertThat(events.count("evicted")).isZero();
      assertThat(events.count("rejected")).isEqualTo(1);
    }
  }

  @Nested
  final class I5Displacement {
    private final Knobs full = Knobs.DEFAULT.withMaxRequests(3).withMaxBytes(30);

    @Test
    void takesNoneOfTheNewcomersOwnPriority() {
      var engine = engine(full);
      for (var i = 0; i < 3; i++) {
        offer(engine, request("a", 0).build());
      }

      offer(engine, request("b", 0).build());

      assertThat(events.kinds()).containsExactly("queued", "queued", "queued", "rejected");
    }

    @Test
    void takesNoneOfAHigherPriority() {
      var engine = engine(full);
      for (var i = 0; i < 3; i++) {
        offer(engine, request("a", 0).build());
      }

      offer(engine, request("b", -1).build());

      assertThat(events.kinds()).containsExactly("queued", "queued", "queued", "rejected");
    }

    @Test
    void displacesNobodyIfTheNewcomerWouldNotFitEvenThen() {
      var engine = engine(full);
      offer(engine, request("a", 5).sizeBytes(11).build());
      offer(engine, request("a", -1).sizeBytes(10).build());

      offer(engine, request("b", 5).sizeBytes(20).build());

      assertThat(events.count("evicted")).isZero();
      assertThat(events.kinds()).endsWith("queued", "queued", "rejected");
    }

    @Test
    void displacesNoMoreThanTheNewcomerNeeds() {
      var engine = engine(full);
      for (var i = 0; i < 3; i++) {
        offer(engine, request("a", -1).sizeBytes(5).build());
      }

      offer(engine, request("b", 5).sizeBytes(5).build());

      assertThat(events.kinds()).containsExactly("queued", "queued", "queued", "evicted", "queued");
      assertThat(outcomes).containsOnlyKeys("r3");
    }

    @Test
    void givesTheVictimsPlaceToTheNewcomerOnly() {
      var engine = engine(full.withMaxRequests(1));
      var victim = request("a", -1).build();
      engine.enqueue(
          victim,
          gaveWay -> {
            // The caller of a displaced request may come back at once, and must find no place.
            offer(engine, request("a", 4).build());
          });

      offer(engine, request("b", 5).build());

      events.all.sort(Comparator.comparingLong(Events.Event::sequence));
      assertThat(events.kinds()).containsExactly("queued", "evicted", "queued", "rejected");
      assertThat(events.all.get(2).request().flow().priority()).isEqualTo(5);
    }
  }
}
