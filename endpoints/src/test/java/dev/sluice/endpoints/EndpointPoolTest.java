package dev.sluice.endpoints;

import static dev.sluice.endpoints.PoolUnderTest.endpoint;
import static dev.sluice.endpoints.PoolUnderTest.metrics;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What a pool tells its listener, and how it takes a new list of endpoints. */
final class EndpointPoolTest {
  private final PoolUnderTest under = new PoolUnderTest();
  private final EndpointPool pool = under.pool;

  // What the listener is told

  @Test
  void tellsOfANewEndpointAsUnhealthy() {
    under.configured(endpoint("a"));

    assertThat(under.heard).hasSize(1);
    assertThat(under.told("a").healthy()).isFalse();
  }

  @Test
  void tellsOfAChangeOfHealthOnce() {
    under.configured(endpoint("a"));

    pool.healthCheckPassed("a");
    pool.healthCheckPassed("a");

    assertThat(under.heard).hasSize(2);
    assertThat(under.told("a").healthy()).isTrue();
  }

  @Test
  void doesNotTellOfAFailedCheckBelowTheThreshold() {
    under.healthy(endpoint("a"));
    var before = under.heard.size();

    pool.healthCheckFailed("a");

    assertThat(under.heard).hasSize(before);
  }

  @Test
  void tellsOfAChangeOfModelsOnce() {
    under.configured(endpoint("a"));

    under.modelsRead("a", ServedModel.of("m"));
    under.modelsRead("a", ServedModel.of("m"));

    assertThat(under.heard).hasSize(2);
    assertThat(under.told("a").models()).containsExactly("m");
  }

  @Test
  void tellsOfMetricsOnceWhenTheBatchIsPublished() {
    under.healthy(endpoint("a"));
    var before = under.heard.size();

    pool.metricsRead("a", metrics(2, 3), 42);
    assertThat(under.heard).hasSize(before);
    pool.publish();
    pool.publish();

    assertThat(under.heard).hasSize(before + 1);
  }

  @Test
  void tellsWhatASampleSaysAndWhenItWasTaken() {
    under.healthy(endpoint("a"));

    pool.metricsRead("a", metrics(2, 3), 42);
    pool.publish();

    var told = under.told("a");
    assertThat(told.waitingRequests()).isEqualTo(2);
    assertThat(told.runningRequests()).isEqualTo(3);
    assertThat(told.kvUtilization()).isEqualTo(0.5);
    assertThat(told.kvCapacityTokens()).isEqualTo(1000);
    assertThat(told.preemptions()).isEqualTo(7);
    assertThat(told.sampledAtNanos()).isEqualTo(42);
  }

  @Test
  void saysOfAnEndpointWithoutSampleThatItWasNeverSampled() {
    under.healthy(endpoint("a"));

    assertThat(under.told("a").sampledAtNanos()).isEqualTo(EndpointState.NEVER_SAMPLED);
  }

  @Test
  void doesNotCallTheListenerWithinItself() {
    var depths = new ArrayList<Integer>();
    var pools = new ArrayList<EndpointPool>();
    var depth = new int[1];
    var reentrant =
        new EndpointPool(
            HealthThresholds.DEFAULT,
            new LeastLoadPicker(),
            snapshot -> {
              depths.add(++depth[0]);
              if (depths.size() < 3) {
                pools.getFirst().reconfigure(List.of(endpoint("a" + depths.size()).config()));
              }
              depth[0]--;
            });
    pools.add(reentrant);

    reentrant.reconfigure(List.of(endpoint("a").config()));

    assertThat(depths).containsExactly(1, 1, 1);
    assertThat(reentrant.endpoints()).extracting(EndpointConfig::id).containsExactly("a2");
  }

  @Test
  void tellsOfTheNextChangeAfterAListenerThatThrew() {
    var calls = new ArrayList<PoolSnapshot>();
    var fragile =
        new EndpointPool(
            HealthThresholds.DEFAULT,
            new LeastLoadPicker(),
            snapshot -> {
              calls.add(snapshot);
              if (calls.size() == 1) {
                throw new IllegalStateException("not now");
              }
            });
    assertThatIllegalStateException()
        .isThrownBy(() -> fragile.reconfigure(List.of(endpoint("a").config())));

    fragile.healthCheckPassed("a");

    assertThat(calls).hasSize(2);
    assertThat(calls.getLast().endpoints().getFirst().healthy()).isTrue();
  }

  @Test
  void ignoresReportsAboutEndpointsThatItDoesNotHave() {
    pool.healthCheckPassed("x");
    pool.connectFailed("x");
    pool.metricsRead("x", metrics(0, 0), 1);
    pool.publish();

    assertThat(under.heard).isEmpty();
  }

  // Health

  @Test
  void appliesNewThresholdsToTheNextCheck() {
    under.healthy(endpoint("a"));
    pool.healthCheckFailed("a");

    pool.reconfigure(new HealthThresholds(2, 1));
    pool.healthCheckFailed("a");

    assertThat(under.told("a").healthy()).isFalse();
  }

  @Test
  void appliesNewThresholdsToTheReturnOfAnEndpoint() {
    under.healthy(endpoint("a"));
    pool.reconfigure(new HealthThresholds(1, 1));
    pool.healthCheckFailed("a");
    assertThat(under.told("a").healthy()).isFalse();

    pool.healthCheckPassed("a");

    assertThat(under.told("a").healthy()).isTrue();
  }

  @Test
  void sendsNothingToASuspectUntilItsCheckPasses() {
    under.healthy(endpoint("a"));

    pool.connectFailed("a");

    assertThat(pool.health("a")).isEqualTo(Health.State.SUSPECT);
    assertThat(under.told("a").healthy()).isFalse();
    assertThat(under.choose(Eligibility.ANY)).isEqualTo(new EndpointChoice.NoEndpoints());

    pool.healthCheckPassed("a");

    assertThat(under.told("a").healthy()).isTrue();
  }

  @Test
  void asksForTheCheckOfASuspectOnce() {
    var checked = new ArrayList<String>();
    pool.onSuspect(checked::add);
    under.healthy(endpoint("a"));

    pool.connectFailed("a");
    pool.connectFailed("a");

    assertThat(checked).containsExactly("a");
  }

  // A new list of endpoints

  @Test
  void takesTheOrderOfTheNewList() {
    under.healthy(endpoint("a"), endpoint("b"));

    under.configured(endpoint("c"), endpoint("a"));

    assertThat(under.heard.getLast().endpoints())
        .extracting(EndpointState::id)
        .containsExactly("c", "a");
  }

  @Test
  void keepsHealthAndSampleOfAnEndpointThatStays() {
    under.healthy(endpoint("a"), endpoint("b"));
    pool.metricsRead("a", metrics(1, 1), 9);

    under.configured(endpoint("c"), endpoint("a").atMost(5));

    assertThat(under.told("a").healthy()).isTrue();
    assertThat(under.told("a").sampledAtNanos()).isEqualTo(9);
  }

  @Test
  void keepsCountingTheRequestsOfAnEndpointThatStays() {
    under.healthy(endpoint("a"));
    var lease = under.lease(Eligibility.ANY);

    under.configured(endpoint("a").atMost(5));
    assertThat(under.leases("a")).isEqualTo(1);
    lease.close();

    assertThat(under.leases("a")).isZero();
  }

  @Test
  void startsAfreshWithAnEndpointWhoseUrlChanged() {
    under.healthy(endpoint("a"));
    var old = under.lease(Eligibility.ANY);

    pool.reconfigure(List.of(EndpointConfig.of("a", URI.create("http://elsewhere:1"))));

    assertThat(under.told("a").healthy()).isFalse();
    assertThat(under.leases("a")).isZero();
    old.close();
    assertThat(under.leases("a")).as("the old endpoint's request ended").isZero();
  }

  @Test
  void refusesAnIdThatIsListedTwiceAndChangesNothing() {
    under.healthy(endpoint("a"));

    assertThatIllegalArgumentException()
        .isThrownBy(() -> under.configured(endpoint("b"), endpoint("b").atMost(1)));

    assertThat(pool.endpoints()).containsExactly(endpoint("a").config());
  }

  @Test
  void findsNoEndpointInAnEmptyPool() {
    assertThat(pool.choose(Eligibility.ANY, Set.of())).isEqualTo(new EndpointChoice.NoEndpoints());
  }
}
