package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.model.Command.Cancel;
import dev.sluice.flowcontrol.model.Command.Reconfigure;
import dev.sluice.flowcontrol.model.Knobs.Band;
import dev.sluice.flowcontrol.model.Knobs.Tenant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The requests that the naive engine queues, refuses and displaces. */
final class NaiveQueueingTest extends NaiveEngineScenario {

  @Test
  void displacesTheLastOfTheLargestBacklogOfTheLowestBand() {
    knobs = knobs.withMaxRequests(4);

    assertThat(
            last(
                offer(1, "a", 0),
                offer(2, "x", -1),
                offer(3, "y", -1),
                offer(4, "y", -1),
                offer(5, "b", 5)))
        .containsExactly("EVICTED 4 DISPLACED", "QUEUED 5");
  }

  @Test
  void displacesNobodyOfItsOwnBand() {
    knobs = knobs.withMaxRequests(1);

    assertThat(last(offer(1, "a", -1), offer(2, "b", -1)))
        .containsExactly("REJECTED 2 NO_ENDPOINTS");
  }

  @Test
  void displacesNobodyInVain() {
    knobs = knobs.withMaxBytes(10);

    assertThat(last(offer(1, "a", -1).ofBytes(3), offer(2, "b", 5).ofBytes(11)))
        .containsExactly("REJECTED 2 NO_ENDPOINTS");
  }

  @Test
  void displacesFromTheLowestBandUpwardsUntilTheNewcomerFits() {
    knobs = knobs.withMaxRequests(2).withMaxBytes(10);

    assertThat(
            last(
                offer(1, "a", -1).ofBytes(3),
                offer(2, "a", 0).ofBytes(7),
                offer(3, "b", 5).ofBytes(4)))
        .containsExactly("EVICTED 1 DISPLACED", "EVICTED 2 DISPLACED", "QUEUED 3");
  }

  @Test
  void aFullBandRefusesWithoutDisplacing() {
    knobs = knobs.withBand(5, Band.DEFAULT.withLimits(1, 100));

    assertThat(last(ONE, offer(1, "z", 9), offer(2, "a", -1), offer(3, "a", 5), offer(4, "b", 5)))
        .containsExactly("REJECTED 4 CAPACITY");
  }

  @Test
  void aFullFlowRefuses() {
    knobs = knobs.withBand(4, Band.DEFAULT.withFlowLimits(1, 0));

    assertThat(last(ONE, offer(1, "z", 9), offer(2, "a", 4), offer(3, "a", 4)))
        .containsExactly("REJECTED 3 FLOW_LIMIT");
  }

  @Test
  void aFullTenantRefusesInEveryBand() {
    knobs = knobs.withTenant("t", new Tenant(1, 1, 0, 0));

    assertThat(last(ONE, offer(1, "z", 9), offer(2, "t", 0), offer(3, "u", -1).ofTenant("t")))
        .containsExactly("REJECTED 3 FLOW_LIMIT");
  }

  @Test
  void aTenantBelowItsShareTakesAPlaceFromTheLargest() {
    knobs = knobs.withMaxRequests(3).withAdmission(Knobs.Admission.DYNAMIC_THRESHOLD);

    assertThat(last(offer(1, "a", 0), offer(2, "b", 0), offer(3, "d", 0), offer(4, "c", 0)))
        .containsExactly("REJECTED 4 NO_ENDPOINTS"); // nobody has more than it would have
    assertThat(last(offer(1, "a", 0), offer(2, "a", 0), offer(3, "a", 0), offer(4, "c", 0)))
        .containsExactly("EVICTED 3 DISPLACED", "QUEUED 4");
  }

  @Test
  void aTenantWithAsMuchAsTheLargestIsRefused() {
    knobs = knobs.withMaxRequests(2).withAdmission(Knobs.Admission.DYNAMIC_THRESHOLD);

    assertThat(last(offer(1, "a", 0), offer(2, "b", 0), offer(3, "b", 0)))
        .containsExactly("REJECTED 3 NO_ENDPOINTS");
  }

  @Test
  void aFlowTakesAPlaceFromAnotherFlowOfItsTenant() {
    knobs = knobs.withMaxRequests(2).withAdmission(Knobs.Admission.DYNAMIC_THRESHOLD);

    assertThat(
            last(
                offer(1, "a", 0).ofTenant("t"),
                offer(2, "a", 0).ofTenant("t"),
                offer(3, "b", 0).ofTenant("t")))
        .containsExactly("EVICTED 2 DISPLACED", "QUEUED 3");
  }

  @Test
  void saysNoEndpointsWhenFullWithAnEmptyPool() {
    knobs = knobs.withMaxRequests(1);

    assertThat(last(offer(1, "a", 0), offer(2, "b", 0))).containsExactly("REJECTED 2 NO_ENDPOINTS");
  }

  @Test
  void takesTheHeadWhereThePolicySaysSo() {
    knobs = knobs.withMaxRequests(2).withRequestDisplacement(Knobs.Victim.HEAD);

    assertThat(last(offer(1, "a", 0), offer(2, "a", 0), offer(3, "b", 1)))
        .containsExactly("EVICTED 1 DISPLACED", "QUEUED 3");
  }

  @Test
  void lowerLimitsDrainAndEvictNobody() {
    assertThat(
            all(
                offer(1, "a", 0),
                offer(2, "a", 0),
                new Reconfigure(knobs.withMaxRequests(1)),
                offer(3, "a", 0),
                new Cancel(1),
                new Cancel(1)))
        .containsExactly(
            List.of("QUEUED 1"),
            List.of("QUEUED 2"),
            List.of(),
            List.of("REJECTED 3 NO_ENDPOINTS"),
            List.of("EVICTED 1 CANCELLED"),
            List.of());
  }
}
