package dev.sluice.flowcontrol.controller;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The limits of endpoints are part of what the engine asks before each dispatch. */
final class EndpointLimitsTest {
  private record Running(String name, String model, Permit permit) {}

  private final FlowController engine =
      FlowController.builder(
              FlowControlConfig.builder()
                  .detector(
                      PluginCatalog.builtIn()
                          .plugin(
                              SaturationDetector.class,
                              "concurrency",
                              Map.of("maxConcurrency", 1000)))
                  .build())
          .build();
  private final List<Running> dispatched = new ArrayList<>();
  private final List<String> refused = new ArrayList<>();

  @AfterEach
  void close() {
    engine.close();
  }

  @Test
  void whatALimitKeepsOutIsQueuedByPriority() {
    pool(endpoint("a", 1, "m"));

    offer("first", -1, "m");
    offer("batch", -1, "m");
    offer("gold", 10, "m");

    assertThat(names()).containsExactly("first");
    bind(0, "a").permit.close();
    assertThat(names()).containsExactly("first", "gold");
    bind(1, "a").permit.close();
    assertThat(names()).containsExactly("first", "gold", "batch");
    assertThat(refused).isEmpty();
  }

  @Test
  void anEndpointWithoutALimitLeavesRoom() {
    pool(endpoint("a", 1, "m"), endpoint("b", 0, "m"));

    for (var i = 0; i < 5; i++) {
      offer("r" + i, 0, "m");
      bind(i, i == 0 ? "a" : "b");
    }

    assertThat(dispatched).hasSize(5);
  }

  @Test
  void aRequestThatIsBoundElsewhereFreesItsPlace() {
    pool(endpoint("a", 1, "m"), endpoint("b", 1, "m", "n"));
    offer("one", 0, "m");
    bind(0, "b");
    offer("two", 0, "n");
    assertThat(names()).containsExactly("one");

    bind(0, "a");

    assertThat(names()).containsExactly("one", "two");
  }

  @Test
  void limitsThatAreSetWhileRequestsRunCountThem() {
    pool(endpoint("a", 0, "m"));
    offer("one", 0, "m");
    bind(0, "a");
    offer("two", 0, "m");
    bind(1, "a");

    pool(endpoint("a", 2, "m"));
    offer("three", 0, "m");

    assertThat(names()).containsExactly("one", "two");
    dispatched.get(0).permit.close();
    assertThat(names()).containsExactly("one", "two", "three");
  }

  @Test
  void whatIsNotBoundYetCountsAgainstEveryClassThatCouldTakeItsPlace() {
    pool(endpoint("a", 1, "m", "n"), endpoint("b", 1, "n"));
    offer("one", 0, "m");

    offer("two", 0, "n"); // it could be bound to a, where "one" has to go

    assertThat(names()).containsExactly("one");
    bind(0, "a");
    assertThat(names()).containsExactly("one", "two");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void everyDispatchedRequestFindsAPlaceInWhateverOrderTheyAreBound(long seed) {
    var random = new Random(seed);
    var models = List.of("m", "n", "o", "");
    var endpoints = new ArrayList<EndpointState>();
    var unbound = new ArrayList<Running>();
    var bound = new HashMap<Running, String>();
    var counts = new HashMap<String, Integer>();
    var offered = 0;
    for (var step = 0; step < 3_000; step++) {
      if (step % 500 == 0) {
        randomPool(random, endpoints);
        pool(endpoints.toArray(EndpointState[]::new));
      }
      switch (random.nextInt(3)) {
        case 0 -> offer("r" + offered++, random.nextInt(3), models.get(random.nextInt(4)));
        case 1 -> {
          if (!unbound.isEmpty()) {
            var request = unbound.remove(random.nextInt(unbound.size()));
            var free =
                endpoints.stream()
                    .filter(state -> state.serves(Eligibility.ofModel(request.model)))
                    .filter(state ->
                        state.maxRequests() == 0
                            || counts.getOrDefault(state.id(), 0) < state.maxRequests())
                    .toList();
            assertThat(free)
                .as("seed %d, step %d: places for %s", seed, step, request)
                .isNotEmpty();
            var chosen = free.get(random.nextInt(free.size())).id();
            counts.merge(chosen, 1, Integer::sum);
            bound.put(request, chosen);
            request.permit.bind(chosen);
          }
        }
        default -> {
          if (!bound.isEmpty()) {
            var ending = bound.keySet().stream().skip(random.nextInt(bound.size())).findFirst();
            counts.merge(bound.remove(ending.orElseThrow()), -1, Integer::sum);
            ending.orElseThrow().permit.close();
          }
        }
      }
      unbound.addAll(dispatched);
      dispatched.clear();
      if (step % 500 == 499) { // a pool changes under requests that have found their places
        while (!unbound.isEmpty()) {
          unbound.remove(unbound.size() - 1).permit.close();
          unbound.addAll(dispatched);
          dispatched.clear();
          if (unbound.size() > 2_000) {
            throw new AssertionError("more was dispatched than was offered");
          }
        }
      }
    }
  }

  private static void randomPool(Random random, List<EndpointState> endpoints) {
    endpoints.clear();
    for (var id : List.of("a", "b", "c", "d")) {
      var serves = new ArrayList<String>();
      for (var model : List.of("m", "n", "o")) {
        if (random.nextInt(2) == 0) {
          serves.add(model);
        }
      }
      endpoints.add(endpoint(id, random.nextInt(8) == 0 ? 0 : 1 + random.nextInt(3), serves));
    }
  }

  private static EndpointState endpoint(String id, int maxRequests, String... models) {
    return endpoint(id, maxRequests, List.of(models));
  }

  private static EndpointState endpoint(String id, int maxRequests, List<String> models) {
    return new EndpointState(
        id,
        models.isEmpty() ? Set.of("none") : Set.copyOf(models),
        Set.of(),
        true,
        0,
        0,
        0,
        0,
        0,
        1,
        EndpointState.NEVER_SAMPLED,
        maxRequests);
  }

  private void pool(EndpointState... endpoints) {
    engine.poolChanged(new PoolSnapshot(List.of(endpoints)));
  }

  private void offer(String name, int priority, String model) {
    var request =
        FlowControlRequest.builder(name, new FlowKey("f", priority))
            .eligibility(Eligibility.ofModel(model))
            .build();
    engine.enqueue(
        request,
        outcome -> {
          if (outcome instanceof Admission.Dispatched go) {
            dispatched.add(new Running(name, model, go.permit()));
          } else {
            refused.add(name);
          }
        });
  }

  private Running bind(int index, String endpoint) {
    var running = dispatched.get(index);
    running.permit.bind(endpoint);
    return running;
  }

  private List<String> names() {
    return dispatched.stream().map(Running::name).toList();
  }
}
