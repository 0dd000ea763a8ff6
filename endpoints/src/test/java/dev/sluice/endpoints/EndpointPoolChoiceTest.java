package dev.sluice.endpoints;

import static dev.sluice.endpoints.PoolUnderTest.adapter;
import static dev.sluice.endpoints.PoolUnderTest.endpoint;
import static dev.sluice.endpoints.PoolUnderTest.metrics;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which endpoint a pool chooses for a request, and what it counts for it. */
final class EndpointPoolChoiceTest {
  private static final long SECOND = 1_000_000_000L;

  private final PoolUnderTest under = new PoolUnderTest();
  private final EndpointPool pool = under.pool;

  // Who may serve it

  @Test
  void choosesTheLeastLoadedEndpointThatServesTheModel() {
    under.healthy(
        endpoint("a").serving("m"), endpoint("b").serving("m"), endpoint("c").serving("other"));

    pool.metricsRead("a", metrics(0, 3), 1);

    assertThat(under.chosen(Eligibility.ofModel("m"))).isEqualTo("b");
  }

  @Test
  void choosesTheOnlyEndpointThatServesTheModel() {
    under.healthy(endpoint("a").serving("m"), endpoint("b").serving("other"));

    assertThat(under.chosen(Eligibility.ofModel("other"))).isEqualTo("b");
    assertThat(under.chosen(Eligibility.ofModel("other"))).isEqualTo("b");
  }

  @Test
  void sendsAnAdaptersRequestsWhereTheConfigurationSaysThatTheAdapterIs() {
    under.healthy(endpoint("a").withAdapter("x"), endpoint("b"));
    under.modelsRead("a", ServedModel.of("m"), adapter("y", "m"));
    under.modelsRead("b", ServedModel.of("m"), adapter("y", "m"));

    for (var i = 0; i < 2; i++) {
      assertThat(under.chosen(adapted("x"))).isEqualTo("a");
      assertThat(under.chosen(adapted("y"))).as("only x is configured for a").isEqualTo("b");
    }
    assertThat(under.choose(adapted("z"))).isEqualTo(new EndpointChoice.NoEndpoints());
  }

  private static Eligibility adapted(String adapter) {
    return new Eligibility("m", adapter, Set.of());
  }

  @Test
  void leavesOutEndpointsThatWereTried() {
    under.healthy(endpoint("a"), endpoint("b"), endpoint("c"));

    assertThat(under.chosen(Eligibility.ANY, "a", "b")).isEqualTo("c");
    assertThat(under.choose(Eligibility.ANY, "a", "b", "c"))
        .isEqualTo(new EndpointChoice.NoEndpoints());
  }

  @Test
  void leavesOutEndpointsThatAreNotInTheSubset() {
    under.healthy(endpoint("a"), endpoint("b"));

    assertThat(under.chosen(subset("b"))).isEqualTo("b");
    assertThat(under.choose(subset("z"))).isEqualTo(new EndpointChoice.NoEndpoints());
  }

  private static Eligibility subset(String endpoint) {
    return new Eligibility("", "", Set.of(endpoint));
  }

  @Test
  void tellsAnUnknownModelFromOneWhoseEndpointsAreDown() {
    under.configured(endpoint("a").serving("m"), endpoint("b").serving("n"));

    assertThat(under.choose(Eligibility.ofModel("m"))).isEqualTo(new EndpointChoice.NoEndpoints());
    assertThat(under.choose(Eligibility.ofModel("x")))
        .isEqualTo(new EndpointChoice.UnknownModel("x"));
  }

  @Test
  void callsNoModelUnknownWhileAModelListIsMissing() {
    under.configured(endpoint("a").serving("m"), endpoint("b"));

    assertThat(under.choose(Eligibility.ofModel("x"))).isEqualTo(new EndpointChoice.NoEndpoints());
  }

  @Test
  void callsNoModelUnknownWithoutEndpoints() {
    under.configured();

    assertThat(under.choose(Eligibility.ofModel("x"))).isEqualTo(new EndpointChoice.NoEndpoints());
  }

  // Load

  @Test
  void countsItsOwnRequestsOnceIfTheSampleShowsThem() {
    under.healthy(endpoint("a"), endpoint("b"));
    threeRequestsOn("a");

    pool.metricsRead("a", metrics(1, 2), 1); // the same three
    pool.metricsRead("b", metrics(0, 4), 1); // four of others

    assertThat(under.chosen(Eligibility.ANY)).isEqualTo("a");
  }

  @Test
  void countsItsOwnRequestsInFullIfTheSampleDoesNotShowThemYet() {
    under.healthy(endpoint("a"), endpoint("b"));
    threeRequestsOn("a");

    pool.metricsRead("a", metrics(0, 1), 1);
    pool.metricsRead("b", metrics(0, 2), 1);

    assertThat(under.chosen(Eligibility.ANY)).isEqualTo("b");
  }

  @Test
  void stopsCountingARequestThatEnds() {
    under.healthy(endpoint("a"), endpoint("b"));
    var onA = threeRequestsOn("a");
    pool.metricsRead("b", metrics(0, 2), 1);

    onA.forEach(EndpointLease::close);

    assertThat(under.chosen(Eligibility.ANY)).isEqualTo("a");
  }

  private List<EndpointLease> threeRequestsOn(String endpoint) {
    var leases = new ArrayList<EndpointLease>();
    for (var i = 0; i < 3; i++) {
      leases.add(under.lease(subset(endpoint)));
    }
    return leases;
  }

  // An endpoint's own limit

  @Test
  void saysThatThereIsNoRoomUntilAPlaceIsGivenBack() {
    under.healthy(endpoint("a").atMost(2));
    var first = under.lease(Eligibility.ANY);
    under.chosen(Eligibility.ANY);
    assertThat(under.choose(Eligibility.ANY)).isEqualTo(new EndpointChoice.NoRoom());

    first.close();

    assertThat(under.chosen(Eligibility.ANY)).isEqualTo("a");
  }

  @Test
  void takesAPlaceBackOnlyOnce() {
    under.healthy(endpoint("a").atMost(2));
    var first = under.lease(Eligibility.ANY);
    under.chosen(Eligibility.ANY);

    first.close();
    first.close();

    assertThat(under.leases("a")).isEqualTo(1);
  }

  // Pickers

  @Test
  void showsThePickerWhatItKnowsOfACandidate() {
    var shown = new ArrayList<String>();
    var watched =
        new PoolUnderTest((needs, candidates) -> {
          for (var c : candidates) {
            shown.add(
                "%s own %d foreign %d waiting %d kv %.1f weight %.1f"
                    .formatted(
                        c.id(),
                        c.ownRequests(),
                        c.foreignRequests(),
                        c.waitingRequests(),
                        c.kvUtilization(),
                        c.capacityWeight()));
          }
          return 0;
        });
    watched.healthy(endpoint("a"));

    watched.choose(Eligibility.ANY);
    watched.pool.metricsRead("a", metrics(2, 3), 0);
    watched.choose(Eligibility.ANY);
    watched.now += 5 * SECOND;
    watched.choose(Eligibility.ANY);

    assertThat(shown)
        .containsExactly(
            "a own 0 foreign 0 waiting 0 kv 0.0 weight 1.0",
            "a own 1 foreign 4 waiting 2 kv 0.5 weight 1.0",
            "a own 2 foreign 0 waiting 2 kv 0.5 weight 1.0"); // the sample is stale
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1})
  void refusesARequestForWhichThePickerNamesNoCandidate(int index) {
    var fragile = new PoolUnderTest((needs, candidates) -> index).healthy(endpoint("a"));

    assertThat(fragile.choose(Eligibility.ANY))
        .isInstanceOfSatisfying(
            EndpointChoice.PickerFailed.class,
            failed -> assertThat(failed.detail()).endsWith("chose " + index + " of 1"));
    assertThat(fragile.leases("a")).isZero();
  }

  @Test
  void refusesARequestForWhichThePickerThrows() {
    var fragile =
        new PoolUnderTest(
                (needs, candidates) -> {
                  throw new IllegalStateException("no idea");
                })
            .healthy(endpoint("a"));

    assertThat(fragile.choose(Eligibility.ANY))
        .isInstanceOfSatisfying(
            EndpointChoice.PickerFailed.class,
            failed -> assertThat(failed.detail()).contains("IllegalStateException"));
    assertThat(fragile.leases("a")).isZero();
  }
}
