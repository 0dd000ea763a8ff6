package dev.sluice.endpoints;

import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.models.ServedModel;
import dev.sluice.endpoints.scheduling.EndpointPicker;
import dev.sluice.endpoints.scheduling.LeastLoadPicker;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
import java.net.URI;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * A pool with everything that it told its listener. An endpoint turns unhealthy after 3 failed
 * checks and healthy again after 2 good ones; a new one after the first good one.
 */
final class PoolUnderTest {
  final List<PoolSnapshot> heard = new ArrayList<>();
  final EndpointPool pool;
  long now;

  PoolUnderTest() {
    this(new LeastLoadPicker());
  }

  PoolUnderTest(EndpointPicker picker) {
    pool = new EndpointPool(new HealthThresholds(3, 2), picker, heard::add, () -> now);
  }

  static TestEndpoint endpoint(String id) {
    return new TestEndpoint(id);
  }

  /** A sample with 7 preemptions and half of 1,000 tokens of KV cache in use. */
  static EndpointMetrics metrics(int waiting, int running) {
    return new EndpointMetrics(waiting, running, 0.5, 1000, 7, 0, Set.of(), Set.of());
  }

  /** An adapter as a model server lists it. */
  static ServedModel adapter(String id, String baseModel) {
    return new ServedModel(id, 5, "vllm", baseModel);
  }

  /** Sets the pool's endpoints. */
  PoolUnderTest configured(TestEndpoint... endpoints) {
    pool.reconfigure(Arrays.stream(endpoints).map(TestEndpoint::config).toList());
    return this;
  }

  /** Sets the pool's endpoints; the health check of each passes. */
  PoolUnderTest healthy(TestEndpoint... endpoints) {
    configured(endpoints);
    for (var endpoint : endpoints) {
      pool.healthCheckPassed(endpoint.id);
    }
    return this;
  }

  void modelsRead(String endpoint, ServedModel... models) {
    pool.modelsRead(endpoint, List.of(models));
  }

  EndpointChoice choose(Eligibility needs, String... tried) {
    return pool.choose(needs, Set.of(tried));
  }

  /** The endpoint that is chosen for a request, and now has it. */
  String chosen(Eligibility needs, String... tried) {
    return lease(needs, tried).endpoint().id();
  }

  EndpointLease lease(Eligibility needs, String... tried) {
    return ((EndpointChoice.Chosen) choose(needs, tried)).lease();
  }

  /** How many requests the pool counts on an endpoint. */
  int leases(String endpoint) {
    return pool.leases(endpoint);
  }

  /** An endpoint as the listener was last told of it. */
  EndpointState told(String id) {
    return heard.getLast().endpoints().stream()
        .filter(e -> e.id().equals(id))
        .findFirst()
        .orElseThrow();
  }

  /** The configuration of an endpoint; whatever a test does not name is as by default. */
  static final class TestEndpoint {
    private final String id;
    private Set<String> models = Set.of();
    private Set<String> adapters = Set.of();
    private int maxRequests;

    private TestEndpoint(String id) {
      this.id = id;
    }

    TestEndpoint serving(String... ids) {
      models = Set.of(ids);
      return this;
    }

    TestEndpoint withAdapter(String adapter) {
      adapters = Set.of(adapter);
      return this;
    }

    TestEndpoint atMost(int requests) {
      maxRequests = requests;
      return this;
    }

    EndpointConfig config() {
      return new EndpointConfig(
          id, URI.create("http://" + id + ":1"), models, adapters, 1.0, maxRequests);
    }
  }
}
