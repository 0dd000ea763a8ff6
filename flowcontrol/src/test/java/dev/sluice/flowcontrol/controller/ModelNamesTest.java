package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.RejectReason;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A sender that names a new model with every request costs nobody else more than a lookup. */
final class ModelNamesTest {
  private static final int NAMES = 4_000;

  private final HeldEngine gate = new HeldEngine();
  private final List<Admission> outcomes = new ArrayList<>();

  private FlowController engine(int places) {
    var engine =
        FlowController.builder(
                FlowControlConfig.builder()
                    .detector(gate.detector())
                    .band(0, BandConfig.DEFAULT.withLimits(places, 1_000_000_000))
                    .build())
            .timeSource(new FakeClock())
            .build();
    engine.poolChanged(PoolSnapshot.of("e"));
    return engine;
  }

  /** Number of classes that the gate has to know of, beside that of requests without needs. */
  private int classes() {
    return gate.added.size() - gate.retired.size() - 1;
  }

  @Test
  void aRefusedOfferLeavesNoClassBehind() {
    gate.room = 0;
    var engine = engine(1);
    var queued = offer(engine, "tenant", "");
    for (var i = 0; i < NAMES; i++) {
      offer(engine, "tenant", "name-" + i);
      assertThat(classes()).isZero();
    }
    assertThat(outcomes).hasSize(NAMES).allMatch(Admission.Rejected.class::isInstance);

    assertThat(queued.cancel()).isTrue();

    engine.checkInvariants();
    assertThat(gate.retired).hasSize(NAMES);
  }

  @Test
  void aTenantHasSoManyClassesAndIsToldSo() {
    gate.room = 0;
    var engine = engine(5_000);
    for (var i = 0; i < NAMES; i++) {
      offer(engine, "hog", "name-" + i);
    }

    assertThat(classes()).isEqualTo(256);
    assertThat(outcomes)
        .hasSize(NAMES - 256)
        .allSatisfy(outcome ->
            assertThat(outcome)
                .isInstanceOfSatisfying(
                    Admission.Rejected.class,
                    rejected -> {
                      assertThat(rejected.reason()).isEqualTo(RejectReason.FLOW_LIMIT);
                      assertThat(rejected.detail()).contains("tenant hog", "256");
                    }));
    outcomes.clear();
    offer(engine, "other", "name-1");
    offer(engine, "hog", "name-1");
    offer(engine, "hog", "");
    assertThat(outcomes).as("queued").isEmpty();
    engine.checkInvariants();
  }

  @Test
  void allTenantsTogetherHaveSoManyClasses() {
    gate.room = 0;
    var engine = engine(50_000);
    for (var i = 0; i < NAMES; i++) {
      offer(engine, "tenant-" + i % 100, "name-" + i);
    }

    assertThat(classes()).isEqualTo(1_023);
    assertThat(outcomes)
        .hasSize(NAMES - 1_023)
        .allSatisfy(outcome ->
            assertThat(outcome)
                .isInstanceOfSatisfying(
                    Admission.Rejected.class,
                    rejected -> assertThat(rejected.reason()).isEqualTo(RejectReason.CAPACITY)));
    outcomes.clear();
    offer(engine, "newcomer", "name-1");
    offer(engine, "newcomer", "");
    assertThat(outcomes).as("queued").isEmpty();
    engine.checkInvariants();
  }

  /**
   * As many as there may be, cancelled at once: each leaves its class, and a few idle ones stay.
   */
  @Test
  void aStormOfCancellationsLeavesAFewClasses() {
    gate.room = 0;
    var engine = engine(5_000);
    var pending = new ArrayList<PendingAdmission>();
    for (var i = 0; i < 256; i++) {
      pending.add(offer(engine, "hog", "name-" + i));
    }
    pending.forEach(PendingAdmission::cancel);

    assertThat(classes()).isLessThanOrEqualTo(8);
    engine.checkInvariants();
  }

  private PendingAdmission offer(FlowController engine, String tenant, String model) {
    return engine.enqueue(
        FlowControlRequest.builder(model, new FlowKey(tenant, 0))
            .eligibility(Eligibility.ofModel(model))
            .build(),
        outcomes::add);
  }
}
