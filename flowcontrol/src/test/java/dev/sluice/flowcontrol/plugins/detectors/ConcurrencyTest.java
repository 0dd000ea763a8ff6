package dev.sluice.flowcontrol.plugins.detectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.conformance.FakeRunning;
import dev.sluice.flowcontrol.conformance.SaturationDetectorConformance;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.InvalidPluginException;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Covers upstream's rows D5 to D10, with its numbers. */
final class ConcurrencyTest extends SaturationDetectorConformance {
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final EligibilityClass OF_M = new EligibilityClass(1, Eligibility.ofModel("m"));
  private static final EligibilityClass OF_N = new EligibilityClass(2, Eligibility.ofModel("n"));

  @Override
  protected SaturationDetector newDetector() {
    return new Concurrency(Concurrency.Parameters.DEFAULT);
  }

  @ParameterizedTest
  @CsvSource({"0, -1, 0.0", "5, -1, 0.5", "10, -1, 1.0", "10, 0, 0.5", "15, 5, 1.0", "15, 15, 1.5"})
  void comparesRequestsWithTheSumOfLimits(int onA, int onB, double expected) {
    var gate = gate(ConcurrencyMode.REQUESTS, 10, 1_000);
    gate.poolChanged(onB < 0 ? PoolSnapshot.of("a") : PoolSnapshot.of("a", "b"), 0);

    run(gate, "a", onA, 0);
    run(gate, "b", Math.max(0, onB), 0);

    assertThat(gate.saturation(ANY, 0)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"3, -1, 0.03", "50, -1, 0.5", "100, -1, 1.0", "100, 0, 0.5"})
  void comparesTokensWithTheSumOfLimits(int onA, int onB, double expected) {
    var gate = gate(ConcurrencyMode.TOKENS, 10, 100);
    gate.poolChanged(onB < 0 ? PoolSnapshot.of("a") : PoolSnapshot.of("a", "b"), 0);

    run(gate, "a", 1, onA);

    assertThat(gate.saturation(ANY, 0)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"2, 80, 0.8", "9, 10, 0.9", "10, 5, 1.0", "1, 100, 1.0"})
  void takesTheNearerLimitOfAnEndpointWhenHybrid(int requests, int tokens, double expected) {
    var gate = gate(ConcurrencyMode.HYBRID, 10, 100);
    gate.poolChanged(PoolSnapshot.of("a"), 0);

    run(gate, "a", requests - 1, 0);
    run(gate, "a", 1, tokens);

    assertThat(gate.saturation(ANY, 0)).isCloseTo(expected, within(1e-9));
    assertThat(gate.saturation(ANY, 0) >= 1.0).isEqualTo(expected >= 1.0);
  }

  @Test
  void isSaturatedWhenTwoEndpointsAreInDifferentDimensions() {
    var gate = gate(ConcurrencyMode.HYBRID, 10, 100);
    gate.poolChanged(PoolSnapshot.of("a", "b"), 0);

    run(gate, "a", 10, 0);
    assertThat(gate.saturation(ANY, 0)).isEqualTo(0.5);
    run(gate, "b", 1, 100);

    assertThat(gate.saturation(ANY, 0)).isEqualTo(1.0);
  }

  @ParameterizedTest
  @ValueSource(strings = {"requests", "tokens", "hybrid"})
  void admitsExactlyWhatFitsWhileNothingIsBound(String mode) {
    var gate = gate(ConcurrencyMode.valueOf(mode.toUpperCase(Locale.ROOT)), 7, 70);
    gate.poolChanged(PoolSnapshot.of("a", "b", "c"), 0);

    var granted = 0;
    while (gate.saturation(ANY, 0) < 1.0) {
      gate.granted(new FakeRunning(ANY, 0, 10, 999));
      granted++;
    }

    assertThat(granted).isEqualTo(21);
  }

  @Test
  void countsPredictedOutputOnlyIfAsked() {
    var gate =
        new Concurrency(new Concurrency.Parameters(ConcurrencyMode.TOKENS, 10, 100, 0, true, ""))
            .newGate();
    gate.classAdded(ANY);
    gate.poolChanged(PoolSnapshot.of("a"), 0);

    gate.granted(new FakeRunning(ANY, 0, 10, 40));

    assertThat(gate.saturation(ANY, 0)).isEqualTo(0.5);
  }

  @Test
  void countsAnUnboundRequestAgainstEveryClassThatSharesAnEndpoint() {
    var gate = gate(ConcurrencyMode.REQUESTS, 10, 100);
    gate.poolChanged(
        new PoolSnapshot(List.of(serving("both", "m", "n"), serving("only-m", "m"))), 0);

    var request = new FakeRunning(OF_M, 0, 1, 1);
    gate.granted(request);
    assertThat(gate.saturation(OF_M, 0)).isEqualTo(0.05);
    assertThat(gate.saturation(OF_N, 0)).isEqualTo(0.1);

    gate.bound(request, request.bind("only-m"));
    assertThat(gate.saturation(OF_M, 0)).isEqualTo(0.05);
    assertThat(gate.saturation(OF_N, 0)).isZero();
  }

  @Test
  void ignoresTheCapacityWeightOfEndpoints() {
    var gate = gate(ConcurrencyMode.REQUESTS, 10, 100);
    var big =
        new EndpointState(
            "a", Set.of(), Set.of(), true, 0, 0, 0, 0, 0, 8.0, EndpointState.NEVER_SAMPLED);
    gate.poolChanged(new PoolSnapshot(List.of(big)), 0);

    run(gate, "a", 5, 0);

    assertThat(gate.saturation(ANY, 0)).isEqualTo(0.5);
  }

  @Test
  void anEndpointThatReturnsStillHasWhatRunsOnIt() {
    var gate = gate(ConcurrencyMode.REQUESTS, 10, 100);
    gate.poolChanged(PoolSnapshot.of("a", "b"), 0);
    var request = run(gate, "a", 4, 0).get(0);

    gate.poolChanged(PoolSnapshot.of("b"), 0);
    assertThat(gate.saturation(ANY, 0)).isZero();
    gate.returned(request);
    gate.poolChanged(PoolSnapshot.of("a"), 0);

    assertThat(gate.saturation(ANY, 0)).isEqualTo(0.3);
  }

  @Test
  void isExactAfterManyGrantsAndReturns() {
    var gate = gate(ConcurrencyMode.HYBRID, 10, 100);
    gate.poolChanged(PoolSnapshot.of("a", "b", "c"), 0);

    for (var i = 0; i < 50; i++) {
      var running = run(gate, "b", 1_000, 3);
      running.forEach(gate::returned);
    }

    assertThat(gate.saturation(ANY, 0)).isZero();
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithACountOfAllRunningRequests(long seed) {
    var random = new Random(seed);
    for (var mode : ConcurrencyMode.values()) {
      var gate = gate(mode, 10, 1_000);
      List<FakeRunning> running = new ArrayList<>();
      var snapshot = PoolSnapshot.EMPTY;
      for (var step = 0; step < 1_500; step++) {
        switch (random.nextInt(8)) {
          case 0 -> {
            snapshot = randomPool(random);
            gate.poolChanged(snapshot, step);
          }
          case 1, 2, 3 -> {
            var needs = List.of(ANY, OF_M, OF_N).get(random.nextInt(3));
            var request = new FakeRunning(needs, step, random.nextInt(200), 9);
            running.add(request);
            gate.granted(request);
          }
          case 4, 5 -> {
            if (!running.isEmpty()) {
              var request = running.get(random.nextInt(running.size()));
              gate.bound(request, request.bind("e" + random.nextInt(5)));
            }
          }
          default -> {
            if (!running.isEmpty()) {
              gate.returned(running.remove(random.nextInt(running.size())));
            }
          }
        }
        for (var needs : List.of(ANY, OF_M, OF_N)) {
          assertThat(gate.saturation(needs, step))
              .as("%s of %s at step %d, seed %d", mode, needs, step, seed)
              .isCloseTo(naive(mode, needs, snapshot, running), within(1e-8));
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "concurrencyMode, bogus, requests",
    "maxConcurrency, 0, > 0",
    "maxConcurrency, -1, > 0",
    "maxTokenConcurrency, 0, > 0",
    "headroom, -0.1, >= 0"
  })
  void refusesWhatUpstreamRefuses(String parameter, String value, String allowed) {
    Object given = parameter.equals("concurrencyMode") ? value : (Object) Double.valueOf(value);
    assertThatThrownBy(() ->
            PluginCatalog.builtIn()
                .plugin(SaturationDetector.class, "concurrency-detector", Map.of(parameter, given)))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageContaining(parameter)
        .hasMessageContaining(allowed);
  }

  @Test
  void hasUpstreamsDefaults() {
    assertThat(
            PluginCatalog.builtIn()
                .plugin(SaturationDetector.class, "concurrency-detector")
                .parameters())
        .isEqualTo(
            new Concurrency.Parameters(ConcurrencyMode.REQUESTS, 100, 1_000_000, 0.0, false, ""));
  }

  private static double naive(
      ConcurrencyMode mode, EligibilityClass needs, PoolSnapshot pool, List<FakeRunning> running) {
    var endpoints = pool.endpoints().stream().filter(e -> e.serves(needs.needs())).toList();
    if (endpoints.isEmpty()) {
      return 1.0;
    }
    var unbound =
        running.stream()
            .filter(r -> r.endpointId().isEmpty())
            .filter(r -> endpoints.stream().anyMatch(e -> e.serves(r.eligibilityClass().needs())))
            .toList();
    var sum = score(mode, unbound);
    for (var endpoint : endpoints) {
      sum +=
          score(mode, running.stream().filter(r -> r.endpointId().equals(endpoint.id())).toList());
    }
    return sum / endpoints.size();
  }

  private static double score(ConcurrencyMode mode, List<FakeRunning> running) {
    var requests = running.size() / 10.0;
    var tokens = running.stream().mapToLong(r -> r.request().inputTokens()).sum() / 1_000.0;
    return switch (mode) {
      case REQUESTS -> requests;
      case TOKENS -> tokens;
      case HYBRID -> Math.max(requests, tokens);
    };
  }

  private static PoolSnapshot randomPool(Random random) {
    var models = List.of(Set.<String>of(), Set.of("m"), Set.of("n"), Set.of("m", "n"));
    var endpoints = new ArrayList<EndpointState>();
    for (var i = 0; i < 4; i++) {
      if (random.nextInt(4) > 0) {
        endpoints.add(
            new EndpointState(
                "e" + i,
                models.get(random.nextInt(models.size())),
                Set.of(),
                random.nextInt(5) > 0,
                0,
                0,
                0,
                0,
                0,
                1.0,
                EndpointState.NEVER_SAMPLED));
      }
    }
    return new PoolSnapshot(endpoints);
  }

  private static CapacityGate gate(ConcurrencyMode mode, long maxRequests, long maxTokens) {
    var gate =
        new Concurrency(new Concurrency.Parameters(mode, maxRequests, maxTokens, 0, false, ""))
            .newGate();
    gate.classAdded(ANY);
    gate.classAdded(OF_M);
    gate.classAdded(OF_N);
    return gate;
  }

  private static List<FakeRunning> run(
      CapacityGate gate, String endpoint, int requests, int tokensEach) {
    var running = new ArrayList<FakeRunning>();
    for (var i = 0; i < requests; i++) {
      var request = new FakeRunning(ANY, 0, tokensEach, 0);
      gate.granted(request);
      gate.bound(request, request.bind(endpoint));
      running.add(request);
    }
    return running;
  }

  private static EndpointState serving(String id, String... models) {
    return new EndpointState(
        id, Set.of(models), Set.of(), true, 0, 0, 0, 0, 0, 1.0, EndpointState.NEVER_SAMPLED);
  }
}
