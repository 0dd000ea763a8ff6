package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A model whose endpoints are all gone has no endpoints, whatever the rest of the pool does. */
final class UnservedClassTest {
  private final FakeClock clock = new FakeClock();
  private final FlowController engine =
      FlowController.builder(
              FlowControlConfig.builder()
                  .defaultTtl(Duration.ofMinutes(10))
                  .noEndpointTtl(Duration.ofSeconds(30))
                  .build())
          .timeSource(clock)
          .build();
  private final List<Admission> outcomes = new ArrayList<>();

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void itsRequestsWaitAsLongAsForAPoolWithoutEndpoints() {
    pool(true, false);
    offer("dead");

    clock.advance(Duration.ofSeconds(29));
    pool(true, false);
    assertThat(outcomes).isEmpty();

    clock.advance(Duration.ofSeconds(2));
    pool(true, false);
    assertThat(outcomes)
        .singleElement()
        .isInstanceOfSatisfying(
            Admission.Evicted.class,
            evicted -> assertThat(evicted.reason()).isEqualTo(EvictReason.NO_ENDPOINTS));
  }

  @Test
  void itsBudgetBeginsWhenItsLastEndpointGoes() {
    pool(true, true);
    for (var i = 0; i < 200; i++) {
      offer("dead"); // more than there is room for
    }
    var dispatched = outcomes.size();
    clock.advance(Duration.ofMinutes(5));
    pool(true, false);

    clock.advance(Duration.ofSeconds(29));
    pool(true, false);
    assertThat(outcomes).hasSize(dispatched);

    clock.advance(Duration.ofSeconds(2));
    pool(true, false);
    assertThat(outcomes).hasSize(200);
  }

  @Test
  void itsRequestsGoWhenAnEndpointComesBack() {
    pool(true, false);
    offer("dead");

    pool(true, true);

    assertThat(outcomes).singleElement().isInstanceOf(Admission.Dispatched.class);
  }

  private void pool(boolean aliveHealthy, boolean deadHealthy) {
    engine.poolChanged(
        new PoolSnapshot(List.of(endpoint("alive", aliveHealthy), endpoint("dead", deadHealthy))));
  }

  private static EndpointState endpoint(String model, boolean healthy) {
    return new EndpointState(
        model, Set.of(model), Set.of(), healthy, 0, 0, 0, 0, 0, 1, EndpointState.NEVER_SAMPLED);
  }

  private void offer(String model) {
    engine.enqueue(
        FlowControlRequest.builder("r", new FlowKey("f", 0))
            .eligibility(Eligibility.ofModel(model))
            .build(),
        outcomes::add);
  }
}
