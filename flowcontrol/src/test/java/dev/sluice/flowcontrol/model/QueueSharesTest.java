package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.model.Knobs.Admission;
import dev.sluice.flowcontrol.model.Knobs.Band;
import dev.sluice.flowcontrol.types.EvictReason;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Who gets the places of a queue that tenants of one band share. The pool is empty all the time.
 */
final class QueueSharesTest extends EngineScenario {
  private final Knobs knobs = Knobs.DEFAULT.withAdmission(Admission.DYNAMIC_THRESHOLD);

  @Test
  void aTenantThatIsAloneUsesEveryPlace() {
    var engine = engine(knobs.withMaxRequests(20));

    offer(engine, 20, "burst", "burst");

    assertThat(events.count("queued")).isEqualTo(20);
  }

  @Test
  void aNewcomerTakesTheLastPlaceOfALoneHog() {
    var engine = engine(knobs.withMaxRequests(4));
    offer(engine, 4, "hog", "hog");

    offer(engine, 1, "light", "light");

    assertThat(events.kinds())
        .containsExactly("queued", "queued", "queued", "queued", "evicted", "queued");
    assertThat(outcomes.keySet()).containsExactly("r4");
    assertThat(outcomes.get("r4"))
        .singleElement()
        .satisfies(told -> {
          var evicted = (dev.sluice.flowcontrol.types.Admission.Evicted) told;
          assertThat(evicted.reason()).isEqualTo(EvictReason.DISPLACED);
          assertThat(evicted.detail())
              .isEqualTo("gave way to a tenant that has less of the queue for its weight");
        });
  }

  @Test
  void aVictimThatComesBackAtOnceFindsNoPlace() {
    var engine = engine(knobs.withMaxRequests(3));
    offer(engine, 2, "hog", "hog");
    var victim = request("hog", 0).build();
    engine.enqueue(
        victim,
        gaveWay -> {
          offer(engine, request("hog", 0).build());
        });

    offer(engine, 1, "light", "light");

    events.all.sort(Comparator.comparingLong(Events.Event::sequence));
    assertThat(events.kinds())
        .containsExactly("queued", "queued", "queued", "evicted", "queued", "rejected");
    assertThat(queued(engine)).containsEntry("hog", 2).containsEntry("light", 1);
  }

  @Test
  void twoHogsShareAndThenTakeNothingFromEachOther() {
    var engine = engine(knobs.withMaxRequests(10));
    offer(engine, 10, "a", "a");

    for (var i = 0; i < 50; i++) {
      offer(engine, 1, "b", "b");
      offer(engine, 1, "a", "a");
    }

    assertThat(queued(engine)).containsEntry("a", 5).containsEntry("b", 5);
    assertThat(events.count("evicted")).isEqualTo(5);
  }

  @Test
  void openingFlowsGainsNothing() {
    var engine = engine(knobs.withMaxRequests(12));
    offer(engine, 12, "one", "one");

    for (var i = 0; i < 30; i++) {
      offer(engine, 1, "flow" + i, "many");
    }

    var byTenant = queued(engine);
    assertThat(byTenant.remove("one")).isEqualTo(6);
    assertThat(byTenant.values().stream().mapToInt(Integer::intValue).sum()).isEqualTo(6);
  }

  @Test
  void aTenantsOwnFlowsDoNotLockEachOtherOut() {
    var engine = engine(knobs.withMaxRequests(6));
    offer(engine, 3, "other", "other");
    offer(engine, 2, "hog", "tenant");

    offer(engine, 1, "light", "tenant");

    assertThat(queued(engine))
        .containsEntry("other", 3)
        .containsEntry("hog", 1)
        .containsEntry("light", 1);
  }

  @Test
  void aFullBandGivesPlacesToo() {
    var engine = engine(knobs.withTemplates(Band.DEFAULT.withLimits(4, 100), Band.DEFAULT));
    offer(engine, 4, "hog", "hog");

    offer(engine, 1, "light", "light");

    assertThat(queued(engine)).containsEntry("hog", 3).containsEntry("light", 1);
  }

  @Test
  void lowerBandsGiveWayFirst() {
    var engine = engine(knobs.withMaxRequests(4));
    offer(engine, request("low", -1).build());
    offer(engine, 3, "hog", "hog");

    offer(engine, 1, "light", "light");

    assertThat(queued(engine)).containsEntry("hog", 3).containsEntry("light", 1);
    assertThat(outcomes.keySet()).containsExactly("r1");
  }

  @Test
  void goesByBytesIfBytesAreShort() {
    var engine = engine(knobs.withMaxBytes(100));
    for (var i = 0; i < 8; i++) {
      offer(engine, 1, "many", "many"); // of one byte
    }
    for (var i = 0; i < 4; i++) {
      offer(engine, request("large", 0).sizeBytes(23).build());
    }

    offer(engine, request("light", 0).sizeBytes(20).build());

    assertThat(queued(engine))
        .containsEntry("many", 8)
        .containsEntry("large", 3)
        .containsEntry("light", 1);
  }

  @Test
  void nothingGivesWayInVain() {
    var engine = engine(knobs.withMaxBytes(40));
    for (var i = 0; i < 4; i++) {
      offer(engine, request("hog", 0).sizeBytes(10).build());
    }

    offer(engine, request("light", 0).sizeBytes(11).build());

    assertThat(events.count("evicted")).isZero();
    assertThat(events.count("rejected")).isEqualTo(1);
  }

  @Test
  void oneExpensiveRequestDoesNotShieldAHog() {
    var engine = engine(knobs.withMaxRequests(4));
    offer(engine, 3, "hog", "hog");
    offer(engine, request("modest", 0).inputTokens(1_000_000).build());

    offer(engine, 1, "light", "light");

    assertThat(queued(engine))
        .containsEntry("hog", 2)
        .containsEntry("modest", 1)
        .containsEntry("light", 1);
  }

  @Test
  void aTenantOfLittleWeightDoesNotShieldAHog() {
    var engine = engine(knobs.withMaxRequests(4).withTenant("modest", weight(0.01)));
    offer(engine, 1, "modest", "modest");
    offer(engine, 3, "hog", "hog");

    offer(engine, 1, "light", "light");

    assertThat(queued(engine))
        .containsEntry("hog", 2)
        .containsEntry("modest", 1)
        .containsEntry("light", 1);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 1, 100})
  void tenEqualTenantsShareWhateverTheirWeight(double weight) {
    var engine = engine(knobs.withMaxRequests(100).withDefaultTenant(weight(weight)));
    offer(engine, 200, "t0", "t0");

    for (var i = 0; i < 200; i++) {
      offer(engine, 1, "t" + i % 10, "t" + i % 10);
    }

    assertThat(queued(engine)).hasSize(10).allSatisfy((flow, n) -> assertThat(n).isEqualTo(10));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.01, 1, 100})
  void placesAreSharedByWeight(double scale) {
    var engine =
        engine(
            knobs
                .withMaxRequests(70)
                .withTenant("a", weight(4 * scale))
                .withTenant("b", weight(2 * scale))
                .withTenant("c", weight(scale)));
    offer(engine, 100, "c", "c");

    for (var i = 0; i < 100; i++) {
      offer(engine, 1, "a", "a");
      offer(engine, 1, "b", "b");
    }

    var queued = queued(engine);
    assertThat(queued.get("a")).isBetween(38, 41);
    assertThat(queued.get("b")).isBetween(19, 21);
    assertThat(queued.get("c")).isBetween(10, 12);
  }

  @Test
  void withoutDisplacementNothingGivesWay() {
    var engine = engine(knobs.withMaxRequests(4).withDisplacement(false));
    offer(engine, 4, "hog", "hog");

    offer(engine, 1, "light", "light");

    assertThat(events.count("evicted")).isZero();
  }

  private static Knobs.Tenant weight(double weight) {
    return new Knobs.Tenant(weight, 0, 0, 0);
  }

  private void offer(FlowController engine, int times, String flow, String tenant) {
    for (var i = 0; i < times; i++) {
      offer(engine, request(flow, 0).tenant(tenant).sizeBytes(1).build());
    }
  }

  /** The queued requests of each flow that has any. */
  private static Map<String, Integer> queued(FlowController engine) {
    var queued = new LinkedHashMap<String, Integer>();
    for (var band : engine.view().bands()) {
      for (RegistryView.Flow flow : band.flows()) {
        if (flow.queuedRequests() > 0) {
          queued.merge(flow.key().id(), (int) flow.queuedRequests(), Integer::sum);
        }
      }
    }
    return queued;
  }
}
