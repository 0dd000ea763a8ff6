package dev.sluice.endpoints;

import static dev.sluice.endpoints.PoolUnderTest.adapter;
import static dev.sluice.endpoints.PoolUnderTest.endpoint;
import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.flowcontrol.types.Eligibility;
import org.junit.jupiter.api.Test;

/** Which models and adapters a pool says that it serves. */
final class EndpointPoolModelsTest {
  private final PoolUnderTest under = new PoolUnderTest();
  private final EndpointPool pool = under.pool;

  @Test
  void servesTheModelsOfEndpointsThatAreDown() {
    under.configured(endpoint("a").serving("m"));

    assertThat(pool.serves("m")).isTrue();
    assertThat(pool.serves("x")).isFalse();
  }

  @Test
  void mayServeAnyModelWhileAModelListIsMissing() {
    under.configured(endpoint("a").serving("m"), endpoint("b"));
    assertThat(pool.serves("x")).isTrue();

    under.modelsRead("b", ServedModel.of("n"));

    assertThat(pool.serves("x")).isFalse();
  }

  @Test
  void keepsKnowingAModelListThatBecomesEmpty() {
    under.configured(endpoint("a").serving("m"), endpoint("b"));
    under.modelsRead("b", ServedModel.of("n"));

    under.modelsRead("b");

    assertThat(pool.serves("x")).isFalse();
  }

  @Test
  void mayServeAnyModelWithoutEndpoints() {
    under.configured();

    assertThat(pool.serves("x")).isTrue();
  }

  @Test
  void mergesTheModelsOfAllEndpoints() {
    var described = new ServedModel("m", 1, "vllm", "");
    under.configured(endpoint("a").serving("m", "z"), endpoint("b"));

    under.modelsRead("a", described);
    under.modelsRead("b", ServedModel.of("m"), adapter("lora", "m"));

    assertThat(pool.models()).containsExactly(adapter("lora", "m"), described, ServedModel.of("z"));
    assertThat(under.told("b").adapters()).containsExactly("lora");
  }

  @Test
  void hidesModelsThatAreNotConfiguredForTheirEndpoint() {
    under.configured(endpoint("a").serving("m", "z"));

    under.modelsRead("a", ServedModel.of("m"), ServedModel.of("hidden"));

    assertThat(pool.models()).extracting(ServedModel::id).containsExactly("m", "z");
    assertThat(under.told("a").models()).containsExactlyInAnyOrder("m", "z");
  }

  /** Clients ask a model server for an adapter by the adapter's name in place of a model's. */
  @Test
  void servesAConfiguredAdapterUnderItsOwnName() {
    under.healthy(endpoint("a").serving("m").withAdapter("x"), endpoint("b").serving("m"));

    assertThat(under.chosen(Eligibility.ofModel("x"))).isEqualTo("a");
    assertThat(pool.serves("x")).isTrue();
    assertThat(pool.serves("y")).isFalse();
    assertThat(pool.models()).extracting(ServedModel::id).containsExactly("m", "x");
  }

  @Test
  void tellsTheEngineThatAnAdaptersNameIsServed() {
    under.healthy(endpoint("a").serving("m").withAdapter("x"), endpoint("b").serving("m"));

    assertThat(under.told("a").serves(Eligibility.ofModel("x"))).isTrue();
    assertThat(under.told("b").serves(Eligibility.ofModel("x"))).isFalse();
  }

  @Test
  void mayServeAnyModelWhileOnlyAnEndpointsAdaptersAreKnown() {
    under.healthy(endpoint("a").withAdapter("x"));

    assertThat(pool.serves("anything")).isTrue();
  }

  @Test
  void hidesAdaptersThatAreNotConfiguredForTheirEndpoint() {
    under.healthy(endpoint("a").withAdapter("x"));

    under.modelsRead("a", ServedModel.of("m"), adapter("y", "m"));

    assertThat(pool.models()).extracting(ServedModel::id).containsExactly("m", "x");
    assertThat(under.told("a").adapters()).containsExactly("x");
  }
}
