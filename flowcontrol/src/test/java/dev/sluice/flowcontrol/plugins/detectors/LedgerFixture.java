package dev.sluice.flowcontrol.plugins.detectors;

import dev.sluice.flowcontrol.conformance.FakeRunning;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** Gates, endpoints and requests for the tests of the ledger. */
final class LedgerFixture {
  static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  static final EligibilityClass OF_M = new EligibilityClass(1, Eligibility.ofModel("m"));
  static final EligibilityClass OF_N = new EligibilityClass(2, Eligibility.ofModel("n"));
  static final long MS = 1_000_000L;
  static final long SECOND = 1_000 * MS;
  static final long NOW = 100 * SECOND;

  private LedgerFixture() {}

  /** A gate with this limit for each endpoint, and one request of headroom. */
  static CapacityGate gate(int fixedLimit) {
    return newGate(parameters(fixedLimit, 1, Ledger.Parameters.DEFAULT.staleFactor()));
  }

  static CapacityGate newGate(Ledger.Parameters parameters) {
    var gate = new Ledger(parameters).newGate();
    gate.classAdded(ANY);
    gate.classAdded(OF_M);
    gate.classAdded(OF_N);
    return gate;
  }

  /** Parameters that learn the limit, starting from this one. */
  static Ledger.Parameters learning(int startLimit) {
    var defaults = Ledger.Parameters.DEFAULT;
    return new Ledger.Parameters(
        0,
        startLimit,
        defaults.minLimit(),
        defaults.maxLimit(),
        defaults.headroom(),
        defaults.kvLimit(),
        defaults.staleAfter(),
        defaults.staleFactor(),
        defaults.visibilityDelay(),
        defaults.learningInterval());
  }

  static Ledger.Parameters parameters(int fixedLimit, int headroom, double staleFactor) {
    var defaults = Ledger.Parameters.DEFAULT;
    return new Ledger.Parameters(
        fixedLimit,
        defaults.startLimit(),
        defaults.minLimit(),
        defaults.maxLimit(),
        headroom,
        defaults.kvLimit(),
        defaults.staleAfter(),
        staleFactor,
        defaults.visibilityDelay(),
        defaults.learningInterval());
  }

  /** Grants requests until the gate closes. */
  static List<FakeRunning> drain(CapacityGate gate, int tokensEach) {
    var granted = new ArrayList<FakeRunning>();
    while (gate.saturation(ANY, NOW) < 1.0) {
      granted.add(grant(gate, ANY, tokensEach, 0));
    }
    return granted;
  }

  /** Grants a request that is not bound to an endpoint yet. */
  static FakeRunning grant(
      CapacityGate gate, EligibilityClass needs, int inputTokens, int outputTokens) {
    return grant(gate, needs, inputTokens, outputTokens, NOW);
  }

  static FakeRunning grant(
      CapacityGate gate, EligibilityClass needs, int inputTokens, int outputTokens, long now) {
    var request = new FakeRunning(needs, now, inputTokens, outputTokens);
    gate.granted(request);
    return request;
  }

  static void bind(CapacityGate gate, FakeRunning request, String endpoint) {
    gate.bound(request, request.bind(endpoint));
  }

  /** Grants requests and binds each to the endpoint. */
  static List<FakeRunning> run(CapacityGate gate, String endpoint, int requests) {
    return run(gate, endpoint, requests, NOW);
  }

  static List<FakeRunning> run(CapacityGate gate, String endpoint, int requests, long now) {
    return run(gate, endpoint, requests, now, 1);
  }

  static List<FakeRunning> run(
      CapacityGate gate, String endpoint, int requests, long now, int tokensEach) {
    var running = new ArrayList<FakeRunning>();
    for (var i = 0; i < requests; i++) {
      var request = grant(gate, ANY, tokensEach, 0, now);
      bind(gate, request, endpoint);
      running.add(request);
    }
    return running;
  }

  static PoolSnapshot pool(State... states) {
    return new PoolSnapshot(Arrays.stream(states).map(State::build).toList());
  }

  static State at(long sampledAtNanos, String id) {
    return new State(id, sampledAtNanos);
  }

  /** An endpoint with a KV cache of 100,000 tokens, sampled at a time. */
  static final class State {
    private final String id;
    private final long sampledAtNanos;
    private Set<String> models = Set.of();
    private boolean healthy = true;
    private int waiting;
    private int running;
    private double kv;
    private long kvCapacity = 100_000;
    private double weight = 1.0;

    State(String id, long sampledAtNanos) {
      this.id = id;
      this.sampledAtNanos = sampledAtNanos;
    }

    State models(String... names) {
      models = Set.of(names);
      return this;
    }

    State unhealthy() {
      healthy = false;
      return this;
    }

    State waiting(int requests) {
      waiting = requests;
      return this;
    }

    State running(int requests) {
      running = requests;
      return this;
    }

    State kv(double utilization) {
      kv = utilization;
      return this;
    }

    State kvCapacity(long tokens) {
      kvCapacity = tokens;
      return this;
    }

    State weight(double relative) {
      weight = relative;
      return this;
    }

    EndpointState build() {
      return new EndpointState(
          id,
          models,
          Set.of(),
          healthy,
          waiting,
          running,
          kv,
          kvCapacity,
          0,
          weight,
          sampledAtNanos);
    }
  }
}
