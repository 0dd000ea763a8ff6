package dev.sluice.endpoints;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.sluice.endpoints.health.Health;
import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class EndpointPoolTest {
  private final List<PoolSnapshot> heard = new ArrayList<>();
  private final EndpointPool pool =
      new EndpointPool(new HealthThresholds(3, 2), new LeastLoadPicker(), heard::add, () -> 0);

  private static EndpointConfig config(String id, int maxRequests, String... models) {
    return new EndpointConfig(
        id, URI.create("http://" + id + ":1"), Set.of(models), Set.of(), 1.0, maxRequests);
  }

  private static EndpointMetrics metrics(int waiting, int running) {
    return new EndpointMetrics(waiting, running, 0.5, 1000, 7, 0, Set.of(), Set.of());
  }

  /** A pool of healthy endpoints. */
  private void healthy(EndpointConfig... endpoints) {
    pool.reconfigure(List.of(endpoints));
    for (var endpoint : endpoints) {
      pool.healthCheckPassed(endpoint.id());
    }
  }

  private EndpointLease chosen(Eligibility needs, String... tried) {
    return ((EndpointChoice.Chosen) pool.choose(needs, Set.of(tried))).lease();
  }

  private EndpointState state(int index) {
    return heard.getLast().endpoints().get(index);
  }

  @Test
  void tellsOfANewEndpointWhichIsNotHealthyYet() {
    pool.reconfigure(List.of(config("a", 0)));

    assertThat(heard).hasSize(1);
    assertThat(state(0).healthy()).isFalse();
  }

  @Test
  void tellsOfAChangeOfHealthOnce() {
    pool.reconfigure(List.of(config("a", 0)));

    pool.healthCheckPassed("a");
    pool.healthCheckPassed("a");

    assertThat(heard).hasSize(2);
    assertThat(state(0).healthy()).isTrue();
  }

  @Test
  void doesNotTellOfAFailedCheckBelowTheThreshold() {
    healthy(config("a", 0));
    var before = heard.size();

    pool.healthCheckFailed("a");

    assertThat(heard).hasSize(before);
  }

  @Test
  void tellsOfNewModelsOnce() {
    pool.reconfigure(List.of(config("a", 0)));

    pool.modelsRead("a", List.of(ServedModel.of("m")));
    pool.modelsRead("a", List.of(ServedModel.of("m")));

    assertThat(heard).hasSize(2);
    assertThat(state(0).models()).containsExactly("m");
  }

  @Test
  void tellsOfMetricsWhenTheBatchIsPublished() {
    healthy(config("a", 0));
    var before = heard.size();
    assertThat(state(0).sampledAtNanos()).isEqualTo(EndpointState.NEVER_SAMPLED);
    pool.metricsRead("a", metrics(2, 3), 42);
    assertThat(heard).hasSize(before);
    pool.publish();
    pool.publish();
    assertThat(heard).hasSize(before + 1);
    assertThat(state(0))
        .isEqualTo(new EndpointState("a", Set.of(), Set.of(), true, 2, 3, 0.5, 1000, 7, 1.0, 42));
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
                pools.getFirst().reconfigure(List.of(config("a" + depths.size(), 0)));
              }
              depth[0]--;
            });
    pools.add(reentrant);
    reentrant.reconfigure(List.of(config("a", 0)));
    assertThat(depths).containsExactly(1, 1, 1);
    assertThat(reentrant.endpoints()).extracting(EndpointConfig::id).containsExactly("a2");
  }

  @Test
  void choosesTheLeastLoadedHealthyEndpointThatServesTheModel() {
    healthy(config("a", 0, "m"), config("b", 0, "m"), config("c", 0, "other"));
    pool.metricsRead("a", metrics(0, 3), 1);
    assertThat(chosen(Eligibility.ofModel("m")).endpoint().id()).isEqualTo("b");
    assertThat(chosen(Eligibility.ofModel("m")).endpoint().id()).isEqualTo("b");
    assertThat(chosen(Eligibility.ofModel("other")).endpoint().id()).isEqualTo("c");
  }

  @Test
  void countsItsOwnRequestsOnceWhenTheyAreInTheSampleToo() {
    healthy(config("a", 0), config("b", 0));
    var onA = new ArrayList<EndpointLease>();
    for (var i = 0; i < 3; i++) {
      onA.add(chosen(Eligibility.ANY, "b"));
    }
    pool.metricsRead("a", metrics(1, 2), 1);
    pool.metricsRead("b", metrics(0, 4), 1);
    // a runs 3, all ours; b runs 4 of others.
    var fourth = chosen(Eligibility.ANY);
    assertThat(fourth.endpoint().id()).isEqualTo("a");
    fourth.close();
    pool.metricsRead("b", metrics(0, 2), 2);
    assertThat(chosen(Eligibility.ANY).endpoint().id()).isEqualTo("b");
    onA.forEach(EndpointLease::close);
    assertThat(chosen(Eligibility.ANY).endpoint().id()).isEqualTo("a");
  }

  @Test
  void countsItsOwnRequestsInFullWhereTheSampleDoesNotShowThemYet() {
    healthy(config("a", 0), config("b", 0));
    for (var i = 0; i < 3; i++) {
      chosen(Eligibility.ANY, "b");
    }
    pool.metricsRead("a", metrics(0, 1), 1);
    pool.metricsRead("b", metrics(0, 2), 1);
    assertThat(chosen(Eligibility.ANY).endpoint().id()).isEqualTo("b");
  }

  @Test
  void sendsAnAdaptersRequestsWhereTheAdapterIs() {
    var url = URI.create("http://a:1");
    healthy(new EndpointConfig("a", url, Set.of(), Set.of("x"), 1.0, 0), config("b", 0));
    var lora = new ServedModel("y", 5, "vllm", "m");
    pool.modelsRead("a", List.of(ServedModel.of("m"), lora));
    pool.modelsRead("b", List.of(ServedModel.of("m"), lora));
    assertThat(state(0).adapters()).as("the configuration says it").containsExactly("x");
    for (var i = 0; i < 2; i++) {
      assertThat(chosen(new Eligibility("m", "x", Set.of())).endpoint().id()).isEqualTo("a");
      assertThat(chosen(new Eligibility("m", "y", Set.of())).endpoint().id()).isEqualTo("b");
    }
    assertThat(pool.choose(new Eligibility("m", "z", Set.of()), Set.of()))
        .isEqualTo(new EndpointChoice.NoEndpoints());
  }

  /** As clients ask a model server for an adapter: by its name, in place of a model's. */
  @Test
  void servesAConfiguredAdapterUnderItsOwnName() {
    var url = URI.create("http://a:1");
    healthy(new EndpointConfig("a", url, Set.of("m"), Set.of("x"), 1.0, 0), config("b", 0, "m"));

    assertThat(chosen(Eligibility.ofModel("x")).endpoint().id()).isEqualTo("a");
    assertThat(pool.serves("x")).isTrue();
    assertThat(pool.serves("y")).isFalse();
    assertThat(pool.models()).extracting(ServedModel::id).containsExactly("m", "x");
    assertThat(state(0).serves(Eligibility.ofModel("x"))).as("as the engine sees it").isTrue();
    assertThat(state(1).serves(Eligibility.ofModel("x"))).isFalse();
  }

  @Test
  void servesOfTheAdaptersThatAnEndpointNamesOnlyTheConfiguredOnes() {
    var url = URI.create("http://a:1");
    healthy(new EndpointConfig("a", url, Set.of(), Set.of("x"), 1.0, 0));
    assertThat(pool.serves("anything")).as("as long as its models are unknown").isTrue();

    pool.modelsRead("a", List.of(ServedModel.of("m"), new ServedModel("y", 5, "vllm", "m")));

    assertThat(pool.models()).extracting(ServedModel::id).containsExactly("m", "x");
  }

  @Test
  void appliesNewThresholdsToTheNextCheck() {
    healthy(config("a", 0));
    pool.healthCheckFailed("a");
    assertThat(state(0).healthy()).isTrue();
    pool.reconfigure(new HealthThresholds(2, 1));
    pool.healthCheckFailed("a");
    assertThat(state(0).healthy()).isFalse();
    pool.healthCheckPassed("a");
    assertThat(state(0).healthy()).isTrue();
  }

  @Test
  void showsThePickerWhatItKnowsOfEachCandidate() {
    var shown = new ArrayList<String>();
    var now = new long[] {1};
    var watched =
        new EndpointPool(
            HealthThresholds.DEFAULT,
            (needs, candidates) -> {
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
            },
            snapshot -> {},
            () -> now[0]);
    watched.reconfigure(List.of(config("a", 0)));
    watched.healthCheckPassed("a");
    watched.choose(Eligibility.ANY, Set.of());
    watched.metricsRead("a", metrics(2, 3), 1);
    watched.choose(Eligibility.ANY, Set.of());
    now[0] += 5_000_000_000L;
    watched.choose(Eligibility.ANY, Set.of());
    assertThat(shown)
        .containsExactly(
            "a own 0 foreign 0 waiting 0 kv 0.0 weight 1.0",
            "a own 1 foreign 4 waiting 2 kv 0.5 weight 1.0",
            "a own 2 foreign 0 waiting 2 kv 0.5 weight 1.0");
  }

  @Test
  void aPickerThatFailsCostsTheRequestThatItWasAskedFor() {
    var answers = new ArrayDeque<Integer>(List.of(-1, 1, 0));
    var fragile =
        new EndpointPool(
            HealthThresholds.DEFAULT,
            (needs, candidates) -> answers.remove(), // throws when they are used up
            snapshot -> {});
    fragile.reconfigure(List.of(config("a", 0)));
    fragile.healthCheckPassed("a");
    for (var fault : List.of("chose -1 of 1", "chose 1 of 1")) {
      assertThat(fragile.choose(Eligibility.ANY, Set.of()))
          .isInstanceOfSatisfying(
              EndpointChoice.PickerFailed.class,
              failed -> assertThat(failed.detail()).endsWith(fault));
    }
    assertThat(fragile.choose(Eligibility.ANY, Set.of())).isInstanceOf(EndpointChoice.Chosen.class);
    assertThat(fragile.choose(Eligibility.ANY, Set.of()))
        .isInstanceOfSatisfying(
            EndpointChoice.PickerFailed.class,
            failed -> assertThat(failed.detail()).contains("NoSuchElementException"));
    assertThat(fragile.leases("a")).isEqualTo(1);
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
        .isThrownBy(() -> fragile.reconfigure(List.of(config("a", 0))));
    fragile.healthCheckPassed("a");
    assertThat(calls).hasSize(2);
    assertThat(calls.getLast().endpoints().getFirst().healthy()).isTrue();
  }

  @Test
  void leavesOutEndpointsThatWereTriedOrAreNotInTheSubset() {
    healthy(config("a", 0), config("b", 0), config("c", 0));
    assertThat(chosen(Eligibility.ANY, "a", "b").endpoint().id()).isEqualTo("c");
    assertThat(chosen(new Eligibility("", "", Set.of("b"))).endpoint().id()).isEqualTo("b");
    assertThat(pool.choose(Eligibility.ANY, Set.of("a", "b", "c")))
        .isEqualTo(new EndpointChoice.NoEndpoints());
    assertThat(pool.choose(new Eligibility("", "", Set.of("z")), Set.of()))
        .isEqualTo(new EndpointChoice.NoEndpoints());
  }

  @Test
  void saysThatThereIsNoRoomUntilAPlaceIsGivenBackOnce() {
    healthy(config("a", 2));
    var first = chosen(Eligibility.ANY);
    chosen(Eligibility.ANY);
    assertThat(pool.choose(Eligibility.ANY, Set.of())).isEqualTo(new EndpointChoice.NoRoom());
    first.close();
    first.close();
    assertThat(pool.leases("a")).isEqualTo(1);
    chosen(Eligibility.ANY);
    assertThat(pool.choose(Eligibility.ANY, Set.of())).isEqualTo(new EndpointChoice.NoRoom());
  }

  @Test
  void tellsAnUnknownModelFromOneWhoseEndpointsAreDown() {
    pool.reconfigure(List.of(config("a", 0, "m"), config("b", 0, "n")));
    assertThat(pool.choose(Eligibility.ofModel("m"), Set.of()))
        .isEqualTo(new EndpointChoice.NoEndpoints());
    assertThat(pool.choose(Eligibility.ofModel("x"), Set.of()))
        .isEqualTo(new EndpointChoice.UnknownModel("x"));
    assertThat(pool.serves("m")).isTrue();
    assertThat(pool.serves("x")).isFalse();
  }

  @Test
  void knowsNoModelToBeUnknownWhileAModelListIsMissing() {
    pool.reconfigure(List.of(config("a", 0, "m"), config("b", 0)));
    assertThat(pool.serves("x")).isTrue();
    assertThat(pool.choose(Eligibility.ofModel("x"), Set.of()))
        .isEqualTo(new EndpointChoice.NoEndpoints());
    pool.modelsRead("b", List.of(ServedModel.of("n")));
    assertThat(pool.serves("x")).isFalse();
    pool.modelsRead("b", List.of());
    assertThat(pool.serves("x")).isFalse();
    pool.reconfigure(List.of());
    assertThat(pool.serves("x")).isTrue();
    assertThat(pool.choose(Eligibility.ofModel("x"), Set.of()))
        .isEqualTo(new EndpointChoice.NoEndpoints());
  }

  @Test
  void mergesTheModelsOfAllEndpoints() {
    pool.reconfigure(List.of(config("a", 0, "m", "z"), config("b", 0)));
    var lora = new ServedModel("lora", 5, "vllm", "m");
    pool.modelsRead("a", List.of(new ServedModel("m", 1, "vllm", ""), ServedModel.of("hidden")));
    pool.modelsRead("b", List.of(ServedModel.of("m"), lora));
    assertThat(pool.models())
        .containsExactly(lora, new ServedModel("m", 1, "vllm", ""), ServedModel.of("z"));
    assertThat(state(1).adapters()).containsExactly("lora");
    assertThat(state(0).models()).containsExactlyInAnyOrder("m", "z");
  }

  @Test
  void givesASuspectNothingAndHasItChecked() {
    var checked = new ArrayList<String>();
    pool.onSuspect(checked::add);
    healthy(config("a", 0));
    pool.connectFailed("a");
    pool.connectFailed("a");
    assertThat(checked).containsExactly("a");
    assertThat(pool.health("a")).isEqualTo(Health.State.SUSPECT);
    assertThat(state(0).healthy()).isFalse();
    assertThat(pool.choose(Eligibility.ANY, Set.of())).isEqualTo(new EndpointChoice.NoEndpoints());
    pool.healthCheckPassed("a");
    assertThat(state(0).healthy()).isTrue();
  }

  @Test
  void keepsWhatItKnowsOfAnEndpointThatStays() {
    healthy(config("a", 0), config("b", 0));
    var lease = chosen(Eligibility.ANY, "b");
    pool.metricsRead("a", metrics(1, 1), 9);
    pool.reconfigure(List.of(config("c", 0), config("a", 5)));
    assertThat(heard.getLast().endpoints()).extracting(EndpointState::id).containsExactly("c", "a");
    assertThat(state(1).healthy()).isTrue();
    assertThat(state(1).sampledAtNanos()).isEqualTo(9);
    assertThat(pool.leases("a")).isEqualTo(1);
    lease.close();
    assertThat(pool.leases("a")).isZero();
  }

  @Test
  void startsAfreshWithAnEndpointWhoseUrlChanged() {
    healthy(config("a", 0));
    var old = chosen(Eligibility.ANY);
    pool.reconfigure(List.of(EndpointConfig.of("a", URI.create("http://elsewhere:1"))));
    assertThat(state(0).healthy()).isFalse();
    assertThat(pool.leases("a")).isZero();
    old.close();
    assertThat(pool.leases("a")).isZero();
  }

  @Test
  void refusesAnIdThatIsListedTwiceAndChangesNothing() {
    healthy(config("a", 0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> pool.reconfigure(List.of(config("b", 0), config("b", 1))))
        .withMessage("endpoint id b is listed twice");
    assertThat(pool.endpoints()).containsExactly(config("a", 0));
  }

  @Test
  void ignoresReportsAboutEndpointsThatItDoesNotHave() {
    pool.healthCheckPassed("x");
    pool.connectFailed("x");
    pool.metricsRead("x", metrics(0, 0), 1);
    pool.publish();
    assertThat(heard).isEmpty();
    assertThat(pool.leases("x")).isZero();
  }
}
