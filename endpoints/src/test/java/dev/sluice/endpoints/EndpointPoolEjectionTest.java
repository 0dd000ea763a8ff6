package dev.sluice.endpoints;

import static dev.sluice.endpoints.PoolUnderTest.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Endpoints that are taken out because requests fail there, and those that list no models. */
final class EndpointPoolEjectionTest {
  private static final long SECOND = 1_000_000_000L;
  private static final Eligibility M = Eligibility.ofModel("m");

  private final PoolUnderTest under = new PoolUnderTest((needs, candidates) -> 0);

  private void failAt(String id, int times) {
    var needs = new Eligibility("m", "", Set.of(id));
    var leases = new ArrayList<EndpointLease>();
    for (var i = 0; i < times; i++) {
      leases.add(((EndpointChoice.Chosen) under.pool.choose(needs, Set.of())).lease());
    }
    for (var lease : leases) {
      lease.report(Outcome.FAILED);
      lease.close();
    }
  }

  @Test
  void theEngineIsToldThatAnEndpointIsOut() {
    under.healthy(endpoint("a").serving("m"), endpoint("b").serving("m"));

    failAt("a", 5);

    assertThat(under.told("a").healthy()).isFalse();
    assertThat(under.told("b").healthy()).isTrue();
    assertThat(under.chosen(M)).isEqualTo("b");
  }

  @Test
  void oneRequestAtATimeTriesItAfterTheBackOff() {
    under.healthy(endpoint("a").serving("m"), endpoint("b").serving("m"));
    failAt("a", 5);

    under.now = 13 * SECOND;
    under.pool.timePasses();

    assertThat(under.told("a").healthy()).isTrue();
    assertThat(under.told("a").maxRequests()).isEqualTo(1);
    var probe = under.lease(M);
    assertThat(probe.endpoint().id()).isEqualTo("a");
    assertThat(under.chosen(M)).isEqualTo("b");

    probe.report(Outcome.BEGAN);

    assertThat(under.told("a").maxRequests()).isZero();
    assertThat(under.chosen(M)).isEqualTo("a");
  }

  @Test
  void theLastEndpointOfAModelIsNeverTakenOut() {
    under.healthy(endpoint("a").serving("m"), endpoint("b").serving("n"));

    failAt("a", 50);

    assertThat(under.chosen(M)).isEqualTo("a");
  }

  @Test
  void atMostHalfOfThePoolIsOut() {
    under.healthy(
        endpoint("a").serving("m"),
        endpoint("b").serving("m"),
        endpoint("c").serving("m"),
        endpoint("d").serving("m"));

    for (var id : List.of("a", "b", "c", "d")) {
      failAt(id, 50);
    }

    assertThat(under.pool.views()).filteredOn(view -> view.ejection().equals("OUT")).hasSize(2);
  }

  @Test
  void itComesInAgainWhenItsPeersAreGone() {
    under.healthy(endpoint("a").serving("m"), endpoint("b").serving("m"));
    failAt("a", 5);

    under.pool.connectFailed("b");

    assertThat(under.told("a").healthy()).isTrue();
    assertThat(under.chosen(M)).isEqualTo("a");
  }

  @Test
  void loadIsNoFault() {
    assertThat(Outcome.ofStatus(429, true)).isEqualTo(Outcome.BUSY);
    assertThat(Outcome.ofStatus(503, true)).isEqualTo(Outcome.BUSY);
    assertThat(Outcome.ofStatus(500, true)).isEqualTo(Outcome.FAILED);
    assertThat(Outcome.ofStatus(401, true)).isEqualTo(Outcome.FAILED);
    assertThat(Outcome.ofStatus(401, false)).isEqualTo(Outcome.REFUSED);
    assertThat(Outcome.ofStatus(404, true)).isEqualTo(Outcome.SERVED);
  }

  @Test
  void anEndpointWithoutAListServesNothingWhileOthersListTheirs() {
    under.healthy(endpoint("a"), endpoint("b"));
    under.pool.modelsAwaited("a");
    under.pool.modelsAwaited("b");
    assertThat(under.chosen(M)).isEqualTo("a");

    under.pool.modelsRead("b", List.of(ServedModel.of("m")));
    assertThat(under.chosen(M)).isEqualTo("b");
    assertThat(under.pool.serves("x")).as("a may have it").isTrue();

    under.pool.modelsUnknown("a", true, "status 401");
    assertThat(under.chosen(M)).isEqualTo("b");
    assertThat(under.pool.serves("x")).isFalse();
    assertThat(under.pool.views().getFirst().modelsTrouble()).isEqualTo("status 401");

    under.pool.modelsRead("a", List.of(ServedModel.of("x")));
    assertThat(under.chosen(Eligibility.ofModel("x"))).isEqualTo("a");
  }
}
