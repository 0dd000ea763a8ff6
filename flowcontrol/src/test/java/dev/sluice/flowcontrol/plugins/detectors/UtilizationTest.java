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
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Covers upstream's rows D1 and D2, with its numbers. */
final class UtilizationTest extends SaturationDetectorConformance {
  private static final long MILLI = 1_000_000L;
  private static final long NOW = 10_000 * MILLI;
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final EligibilityClass OF_M = new EligibilityClass(1, Eligibility.ofModel("m"));

  @Override
  protected SaturationDetector newDetector() {
    return new Utilization(Utilization.Parameters.DEFAULT);
  }

  static List<Arguments> upstreamsPools() {
    return List.of(
        Arguments.of("none", List.of(), 1.0),
        Arguments.of("good", List.of(sample("a", 2, 0.5, 0)), 0.5556),
        Arguments.of("stale", List.of(sample("a", 2, 0.5, 200)), 1.0),
        Arguments.of("deep queue", List.of(sample("a", 10, 0.1, 0)), 2.0),
        Arguments.of("full cache", List.of(sample("a", 1, 0.95, 0)), 1.0556),
        Arguments.of("no metrics", List.of(EndpointState.of("a")), 1.0),
        Arguments.of("two good", List.of(sample("a", 1, 0.1, 0), sample("b", 0, 0.2, 0)), 0.2111),
        Arguments.of(
            "good and stale", List.of(sample("a", 1, 0.1, 0), sample("b", 0, 0.2, 200)), 0.6),
        Arguments.of(
            "good and deep", List.of(sample("a", 1, 0.1, 0), sample("b", 15, 0.2, 0)), 1.6),
        Arguments.of("at the threshold", List.of(sample("a", 5, 0.1, 0)), 1.0),
        Arguments.of("just stale", List.of(sample("a", 1, 0.1, 101)), 1.0),
        Arguments.of("just fresh", List.of(sample("a", 1, 0.1, 100)), 0.2));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("upstreamsPools")
  void isTheMeanOfUpstreamsScores(String name, List<EndpointState> endpoints, double expected) {
    var gate = gate();

    gate.poolChanged(new PoolSnapshot(endpoints), NOW);

    assertThat(gate.saturation(ANY, NOW)).as(name).isCloseTo(expected, within(0.0001));
  }

  @Test
  void growsStaleAsTimePasses() {
    var gate = gate();
    gate.poolChanged(
        new PoolSnapshot(List.of(sample("a", 1, 0.1, 0), sample("b", 1, 0.1, 50))), NOW);

    assertThat(gate.saturation(ANY, NOW + 50 * MILLI)).isEqualTo(0.2);
    assertThat(gate.saturation(ANY, NOW + 51 * MILLI)).isEqualTo(0.6);
    assertThat(gate.saturation(ANY, NOW + 100 * MILLI)).isEqualTo(0.6);
    assertThat(gate.saturation(ANY, NOW + 101 * MILLI)).isEqualTo(1.0);
  }

  @Test
  void isUnknownWhereAMetricIsNotANumber() {
    var gate = gate();

    gate.poolChanged(
        new PoolSnapshot(List.of(sample("a", 1, Double.NaN, 0), sample("b", 1, 0.1, 0))), NOW);

    assertThat(gate.saturation(ANY, NOW)).isNaN();
  }

  @Test
  void countsWhatWasDispatchedSinceTheSampleAsWaiting() {
    var gate = gate();
    gate.poolChanged(new PoolSnapshot(List.of(sample("a", 1, 0.1, 10))), NOW);

    run(gate, ANY, "a", 2);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(0.6);
  }

  @Test
  void stopsCountingWhatANewerSampleHasSeen() {
    var gate = gate();
    gate.poolChanged(new PoolSnapshot(List.of(sample("a", 1, 0.1, 10))), NOW);
    run(gate, ANY, "a", 4);

    gate.poolChanged(new PoolSnapshot(List.of(sampledAt("a", 3, 0.1, NOW + 1))), NOW + 1);

    assertThat(gate.saturation(ANY, NOW + 1)).isEqualTo(0.6);
  }

  @Test
  void stopsCountingWhatReturned() {
    var gate = gate();
    gate.poolChanged(new PoolSnapshot(List.of(sample("a", 1, 0.1, 10))), NOW);
    var running = run(gate, ANY, "a", 4);

    gate.returned(running.get(0));
    gate.returned(running.get(2));

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(0.6);
  }

  @Test
  void spreadsWhatIsNotBoundOverTheEndpointsOfItsClass() {
    var gate = gate();
    gate.poolChanged(
        new PoolSnapshot(List.of(sample("a", 1, 0.0, 10), sample("b", 2, 0.0, 10))), NOW);

    gate.granted(new FakeRunning(ANY, NOW, 0, 0));
    gate.granted(new FakeRunning(ANY, NOW, 0, 0));

    assertThat(gate.saturation(ANY, NOW)).isCloseTo(0.5, within(1e-6));
  }

  @Test
  void admitsExactlyAFullQueueForEachEndpointBetweenTwoSamples() {
    var gate = gate();
    gate.poolChanged(
        new PoolSnapshot(
            List.of(sample("a", 0, 0.0, 10), sample("b", 0, 0.0, 10), sample("c", 0, 0.0, 10))),
        NOW);

    var granted = 0;
    while (gate.saturation(ANY, NOW) < 1.0) {
      gate.granted(new FakeRunning(ANY, NOW, 0, 0));
      granted++;
    }

    assertThat(granted).isEqualTo(15);
  }

  @Test
  void countsPromptAndHalfTheOutputInACacheOfKnownSize() {
    var gate = gate();
    var known =
        new EndpointState(
            "a", Set.of(), Set.of(), true, 0, 0, 0.1, 1_000, 0, 1.0, NOW - 10 * MILLI);
    gate.poolChanged(new PoolSnapshot(List.of(known)), NOW);
    var request = new FakeRunning(ANY, NOW, 300, 100);

    gate.granted(request);
    gate.bound(request, request.bind("a"));

    assertThat(gate.saturation(ANY, NOW)).isCloseTo((0.1 + 0.35) / 0.9, within(1e-9));
  }

  @Test
  void keepsUnboundRequestsInTheirOwnClass() {
    var gate = gate();
    gate.poolChanged(
        new PoolSnapshot(
            List.of(serving("m", "m", NOW - MILLI), serving("other", "other", NOW - MILLI))),
        NOW);

    gate.granted(new FakeRunning(OF_M, NOW, 0, 0));

    assertThat(gate.saturation(OF_M, NOW)).isCloseTo(0.2, within(1e-6));
    assertThat(gate.saturation(ANY, NOW)).isCloseTo(0.1, within(1e-6));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void agreesWithTheFormulaOverAllEndpointsAndRequests(long seed) {
    var random = new Random(seed);
    var gate = gate();
    List<FakeRunning> running = new ArrayList<>();
    var snapshot = PoolSnapshot.EMPTY;
    var now = NOW;
    for (var step = 0; step < 10_000; step++) {
      now += random.nextInt((int) (4 * MILLI));
      switch (random.nextInt(10)) {
        case 0 -> {
          snapshot = randomPool(random, snapshot, now);
          gate.poolChanged(snapshot, now);
        }
        case 1, 2, 3, 4 -> {
          var needs = random.nextBoolean() ? ANY : OF_M;
          var request = new FakeRunning(needs, now, random.nextInt(500), random.nextInt(500));
          running.add(request);
          gate.granted(request);
        }
        case 5, 6 -> {
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
      for (var needs : List.of(ANY, OF_M)) {
        assertThat(gate.saturation(needs, now))
            .as("%s at step %d, seed %d", needs, step, seed)
            .isCloseTo(naive(needs, snapshot, running, now), within(1e-3));
      }
    }
  }

  static List<Arguments> refusals() {
    return List.of(
        Arguments.of("queueDepthThreshold", 0, "queueDepthThreshold: got 0, allowed > 0"),
        Arguments.of("queueDepthThreshold", -1, "queueDepthThreshold: got -1, allowed > 0"),
        Arguments.of("kvCacheUtilThreshold", 0.0, "kvCacheUtilThreshold: got 0.0"),
        Arguments.of("kvCacheUtilThreshold", 1.1, "kvCacheUtilThreshold: got 1.1"),
        Arguments.of("metricsStalenessThreshold", "0s", "metricsStalenessThreshold: got PT0S"),
        Arguments.of("metricsStalenessThreshold", "soon", "allowed a duration such as 200ms"),
        Arguments.of("headroom", -0.1, "headroom: got -0.1, allowed >= 0"));
  }

  @ParameterizedTest
  @MethodSource("refusals")
  void refusesWhatUpstreamRefuses(String parameter, Object value, String message) {
    assertThatThrownBy(() ->
            PluginCatalog.builtIn()
                .plugin(SaturationDetector.class, "utilization-detector", Map.of(parameter, value)))
        .isInstanceOf(InvalidPluginException.class)
        .hasMessageContaining(message);
  }

  @Test
  void hasUpstreamsDefaults() {
    assertThat(
            PluginCatalog.builtIn()
                .plugin(SaturationDetector.class, "utilization-detector")
                .parameters())
        .isEqualTo(new Utilization.Parameters(5, 0.8, Duration.ofMillis(200), 0.0));
  }

  private static double naive(
      EligibilityClass needs, PoolSnapshot pool, List<FakeRunning> running, long now) {
    var endpoints = pool.endpoints().stream().filter(e -> e.serves(needs.needs())).toList();
    if (endpoints.isEmpty()) {
      return 1.0;
    }
    var sum = 0.0;
    for (var endpoint : endpoints) {
      if (now - endpoint.sampledAtNanos() > 100 * MILLI) {
        sum += 1.0;
        continue;
      }
      var waiting = (double) endpoint.waitingRequests();
      var tokens = 0.0;
      for (var request : running) {
        if (request.dispatchedAtNanos() < endpoint.sampledAtNanos()) {
          continue;
        }
        var kv = request.request().inputTokens() + request.predictedOutputTokens() / 2;
        if (request.endpointId().equals(endpoint.id())) {
          waiting += 1;
          tokens += kv;
        } else if (request.endpointId().isEmpty()
            && endpoint.serves(request.eligibilityClass().needs())) {
          var share =
              pool.endpoints().stream()
                  .filter(e -> e.serves(request.eligibilityClass().needs()))
                  .count();
          waiting += 1.0 / share;
          tokens += (double) kv / share;
        }
      }
      var kv =
          endpoint.kvUtilization()
              + (endpoint.kvCapacityTokens() == 0 ? 0 : tokens / endpoint.kvCapacityTokens());
      sum += Math.max(waiting / 5, kv / 0.9);
    }
    return sum / endpoints.size();
  }

  private static PoolSnapshot randomPool(Random random, PoolSnapshot before, long now) {
    var endpoints = new ArrayList<EndpointState>();
    for (var i = 0; i < 4; i++) {
      var id = "e" + i;
      var old = before.endpoints().stream().filter(e -> e.id().equals(id)).findFirst();
      if (random.nextInt(6) == 0) {
        continue;
      }
      if (old.isPresent() && random.nextBoolean()) {
        endpoints.add(old.get());
        continue;
      }
      endpoints.add(
          new EndpointState(
              id,
              random.nextBoolean() ? Set.of() : Set.of("m"),
              Set.of(),
              random.nextInt(6) > 0,
              random.nextInt(4),
              0,
              random.nextDouble() * 0.5,
              random.nextBoolean() ? 0 : 20_000,
              0,
              1.0,
              now));
    }
    return new PoolSnapshot(endpoints);
  }

  /** Queue depth 5, cache 0.9, staleness 100 ms, as in upstream's table. */
  private static CapacityGate gate() {
    var gate =
        new Utilization(new Utilization.Parameters(5, 0.9, Duration.ofMillis(100), 0)).newGate();
    gate.classAdded(ANY);
    gate.classAdded(OF_M);
    return gate;
  }

  private static List<FakeRunning> run(
      CapacityGate gate, EligibilityClass needs, String endpoint, int requests) {
    var running = new ArrayList<FakeRunning>();
    for (var i = 0; i < requests; i++) {
      var request = new FakeRunning(needs, NOW, 0, 0);
      gate.granted(request);
      gate.bound(request, request.bind(endpoint));
      running.add(request);
    }
    return running;
  }

  private static EndpointState sample(String id, int waiting, double kv, long ageMillis) {
    return sampledAt(id, waiting, kv, NOW - ageMillis * MILLI);
  }

  private static EndpointState sampledAt(String id, int waiting, double kv, long atNanos) {
    return new EndpointState(id, Set.of(), Set.of(), true, waiting, 0, kv, 0, 0, 1.0, atNanos);
  }

  private static EndpointState serving(String id, String model, long atNanos) {
    return new EndpointState(id, Set.of(model), Set.of(), true, 0, 0, 0, 0, 0, 1.0, atNanos);
  }
}
