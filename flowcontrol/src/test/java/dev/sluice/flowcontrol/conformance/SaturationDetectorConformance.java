package dev.sluice.flowcontrol.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Eligibility;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules for every {@link SaturationDetector} and its {@link CapacityGate}. */
public abstract class SaturationDetectorConformance {
  private static final long NOW = 1_000_000_000L;
  private static final EligibilityClass ANY = new EligibilityClass(0, Eligibility.ANY);
  private static final EligibilityClass OF_M = new EligibilityClass(1, Eligibility.ofModel("m"));
  private static final EligibilityClass OF_N = new EligibilityClass(2, Eligibility.ofModel("n"));

  /**
   * A detector of the type under test. If learning can be turned off, the detector learns nothing.
   */
  protected abstract SaturationDetector newDetector();

  /**
   * Whether a gate takes into account the requests that ended since a sample. A new gate cannot
   * know of them, so the two gates are compared after newer samples only.
   */
  protected boolean remembersWhatEnded() {
    return false;
  }

  @Test
  void isSaturatedWithoutEndpoints() {
    var gate = gate();

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);
    gate.poolChanged(PoolSnapshot.EMPTY, NOW);
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);
  }

  @Test
  void isSaturatedForAClassThatNobodyServes() {
    var gate = gate();

    gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of("m"))), NOW);

    assertThat(gate.saturation(OF_N, NOW)).isEqualTo(1.0);
    assertThat(gate.saturation(OF_M, NOW)).isLessThan(1.0);
    assertThat(gate.saturation(ANY, NOW)).isLessThan(1.0);
  }

  @Test
  void isSaturatedWhenNoEndpointIsHealthy() {
    var gate = gate();
    gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of())), NOW);

    gate.poolChanged(pool(NOW, unhealthy("a", NOW)), NOW);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(1.0);
  }

  @Test
  void isOpenAgainWhenAnEndpointReturns() {
    var gate = gate();
    gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of())), NOW);
    var before = gate.saturation(ANY, NOW);

    gate.poolChanged(PoolSnapshot.EMPTY, NOW);
    gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of())), NOW);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(before);
  }

  @Test
  void closesWhenEnoughIsGrantedBetweenTwoSnapshots() {
    var gate = gate();
    gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of())), NOW);

    var granted = 0;
    while (gate.saturation(ANY, NOW) < 1.0 && granted < 100_000) {
      gate.granted(new FakeRunning(ANY, NOW, 1_000, 1_000));
      granted++;
    }

    assertThat(granted).isBetween(1, 99_999);
  }

  @Test
  void aGrantNeverLowersSaturationAndItsReturnRestoresIt() {
    var gate = gate();
    gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of()), endpoint("b", NOW, Set.of())), NOW);
    var before = gate.saturation(ANY, NOW);
    var request = new FakeRunning(ANY, NOW, 1_000, 1_000);

    gate.granted(request);
    assertThat(gate.saturation(ANY, NOW)).isGreaterThanOrEqualTo(before);
    gate.bound(request, request.bind("a"));
    assertThat(gate.saturation(ANY, NOW)).isGreaterThanOrEqualTo(before);
    gate.returned(request);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(before);
  }

  @Test
  void gatesOfOneDetectorShareNothing() {
    var detector = newDetector();
    var used = detector.newGate();
    var unused = detector.newGate();
    for (var gate : List.of(used, unused)) {
      gate.classAdded(ANY);
      gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of())), NOW);
    }
    var before = unused.saturation(ANY, NOW);

    used.granted(new FakeRunning(ANY, NOW, 1_000, 1_000));

    assertThat(unused.saturation(ANY, NOW)).isEqualTo(before);
  }

  @Test
  void takesAnEndpointThatItHasNotHeardOf() {
    var gate = gate();
    gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of())), NOW);
    var before = gate.saturation(ANY, NOW);
    var request = new FakeRunning(ANY, NOW, 10, 10);

    gate.granted(request);
    gate.bound(request, request.bind("elsewhere"));
    gate.returned(request);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(before);
  }

  @Test
  void knowsNothingOfAClassBeforeWhoseIndexWasGivenAway() {
    var gate = gate();
    gate.poolChanged(
        pool(NOW, endpoint("a", NOW, Set.of("m")), endpoint("b", NOW, Set.of("o"))), NOW);
    var request = new FakeRunning(OF_M, NOW, 10, 10);
    gate.granted(request);
    gate.returned(request);
    gate.classRetired(OF_M);
    var next = new EligibilityClass(OF_M.index(), Eligibility.ofModel("o"));

    gate.classAdded(next);

    assertThat(gate.saturation(next, NOW)).isLessThan(1.0);
  }

  @Test
  void aClassThatIsRetiredTakesWhatItHoldsWithIt() {
    var gate = gate();
    gate.poolChanged(pool(NOW, endpoint("a", NOW, Set.of())), NOW);
    var before = gate.saturation(ANY, NOW);
    var request = new FakeRunning(OF_M, NOW, 10, 10);
    gate.granted(request);

    gate.classRetired(OF_M);
    assertThat(gate.saturation(ANY, NOW)).isEqualTo(before);
    gate.returned(request);

    assertThat(gate.saturation(ANY, NOW)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void isAfterAnyHistoryAsANewGateThatIsToldTheOutcome(long seed) {
    var run = new Run(newDetector(), seed);

    for (var step = 0; step < 2_000; step++) {
      run.step();
      if (step % 20 == 0 && !remembersWhatEnded()) {
        run.checkAgainstNewGate();
      }
    }
    run.returnAll();
    run.sampleAll();
    run.checkAgainstNewGate();
  }

  /** A gate with three classes: any endpoint, model {@code m}, model {@code n}. */
  private CapacityGate gate() {
    var gate = newDetector().newGate();
    gate.classAdded(ANY);
    gate.classAdded(OF_M);
    gate.classAdded(OF_N);
    return gate;
  }

  private static PoolSnapshot pool(long now, EndpointState... endpoints) {
    assertThat(endpoints).allMatch(endpoint -> endpoint.sampledAtNanos() <= now);
    return new PoolSnapshot(List.of(endpoints));
  }

  private static EndpointState endpoint(String id, long sampledAtNanos, Set<String> models) {
    return state(id, sampledAtNanos, models, true, 0, 0.0);
  }

  private static EndpointState unhealthy(String id, long sampledAtNanos) {
    return state(id, sampledAtNanos, Set.of(), false, 0, 0.0);
  }

  private static EndpointState state(
      String id, long sampledAtNanos, Set<String> models, boolean healthy, int waiting, double kv) {
    return new EndpointState(
        id, models, Set.of(), healthy, waiting, 0, kv, 100_000, 0, 1.0, sampledAtNanos);
  }

  /** A random history of a pool, its classes and the requests that run on it. */
  private static final class Run {
    private static final List<Set<String>> MODELS =
        List.of(Set.of(), Set.of("m"), Set.of("n"), Set.of("m", "n"));

    private final SaturationDetector detector;
    private final long seed;
    private final Random random;
    private final CapacityGate gate;
    private final List<EligibilityClass> classes = new ArrayList<>(List.of(ANY, OF_M, OF_N));
    private final List<FakeRunning> running = new ArrayList<>();
    private final Map<String, Long> sampled = new HashMap<>();
    private PoolSnapshot snapshot = PoolSnapshot.EMPTY;
    private long now = NOW;

    Run(SaturationDetector detector, long seed) {
      this.detector = detector;
      this.seed = seed;
      random = new Random(seed);
      gate = detector.newGate();
      classes.forEach(gate::classAdded);
    }

    void step() {
      now += random.nextInt(2_000_000);
      switch (random.nextInt(20)) {
        case 0 -> changePool();
        case 1 -> sampleSome();
        case 2 -> replaceClass();
        case 3, 4, 5, 6, 7, 8 -> {
          var needs = classes.get(random.nextInt(classes.size()));
          var request = new FakeRunning(needs, now, random.nextInt(5_000), random.nextInt(1_000));
          running.add(request);
          gate.granted(request);
        }
        case 9, 10, 11, 12, 13 -> {
          if (!running.isEmpty()) {
            var request = running.get(random.nextInt(running.size()));
            gate.bound(request, request.bind("e" + random.nextInt(6)));
          }
        }
        default -> {
          if (!running.isEmpty()) {
            gate.returned(running.remove(random.nextInt(running.size())));
          }
        }
      }
    }

    void returnAll() {
      running.forEach(gate::returned);
      running.clear();
    }

    void checkAgainstNewGate() {
      var fresh = detector.newGate();
      classes.forEach(fresh::classAdded);
      fresh.poolChanged(snapshot, now);
      for (var request : running) {
        var told =
            new FakeRunning(
                request.eligibilityClass(),
                request.dispatchedAtNanos(),
                request.request().inputTokens(),
                request.predictedOutputTokens());
        fresh.granted(told);
        if (!request.endpointId().isEmpty()) {
          fresh.bound(told, told.bind(request.endpointId()));
        }
      }
      for (var needs : classes) {
        assertThat(gate.saturation(needs, now))
            .as("%s, seed %d", needs, seed)
            .isCloseTo(fresh.saturation(needs, now), within(1e-9));
      }
    }

    private void changePool() {
      var endpoints = new ArrayList<EndpointState>();
      for (var i = 0; i < 5; i++) {
        if (random.nextInt(4) > 0) {
          endpoints.add(
              state(
                  "e" + i,
                  sample("e" + i, now - random.nextInt(150_000_000)),
                  MODELS.get(random.nextInt(MODELS.size())),
                  random.nextInt(5) > 0,
                  random.nextInt(4),
                  random.nextDouble() * 0.5));
        }
      }
      snapshot = new PoolSnapshot(endpoints);
      gate.poolChanged(snapshot, now);
    }

    void sampleAll() {
      classes.forEach(needs -> gate.saturation(needs, now));
      now += 1_000_000;
      sample(1.0);
    }

    private void sampleSome() {
      sample(0.5);
    }

    private void sample(double part) {
      var endpoints = new ArrayList<EndpointState>();
      for (var old : snapshot.endpoints()) {
        endpoints.add(
            random.nextDouble() >= part
                ? old
                : state(
                    old.id(),
                    sample(old.id(), now),
                    old.models(),
                    old.healthy(),
                    random.nextInt(4),
                    0.1));
      }
      snapshot = new PoolSnapshot(endpoints);
      gate.poolChanged(snapshot, now);
    }

    /** The time of an endpoint's newest sample, which never goes back. */
    private long sample(String id, long atNanos) {
      return sampled.merge(id, atNanos, Math::max);
    }

    private void replaceClass() {
      var slot = 1 + random.nextInt(classes.size() - 1);
      var old = classes.get(slot);
      for (var request : List.copyOf(running)) {
        if (request.eligibilityClass() == old) {
          running.remove(request);
          gate.returned(request);
        }
      }
      gate.classRetired(old);
      var needs =
          random.nextBoolean()
              ? Eligibility.ofModel(random.nextBoolean() ? "m" : "n")
              : new Eligibility(
                  "", "", Set.of("e" + random.nextInt(3), "e" + (3 + random.nextInt(2))));
      var added = new EligibilityClass(old.index(), needs);
      classes.set(slot, added);
      gate.classAdded(added);
    }
  }
}
