package dev.sluice.flowcontrol.plugins.detectors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.sluice.flowcontrol.conformance.FakeRunning;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.types.Eligibility;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Holds the ledger's running sums against {@link NaiveLedger} after every event. */
final class LedgerModelTest {
  private static final int STEPS = 1_500;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void agreesWithACountOfAllThatEverHappened(long seed) {
    var run = new Run(seed);

    for (var step = 0; step < STEPS; step++) {
      run.step();
      run.check(step);
    }
  }

  /** A random history of a pool that is scraped, with foreign traffic, outages and restarts. */
  private static final class Run {
    private static final List<Set<String>> MODELS =
        List.of(Set.of(), Set.of("m"), Set.of("n"), Set.of("m", "n"));

    private final long seed;
    private final Random random;
    private final CapacityGate gate;
    private final NaiveLedger naive;
    private final List<EligibilityClass> classes = new ArrayList<>();
    private final List<FakeRunning> running = new ArrayList<>();
    private final Map<String, Long> sampled = new HashMap<>();
    private final Map<String, Long> preemptions = new HashMap<>();
    private List<EndpointState> pool = List.of();
    private long before = NaiveLedger.millis(1_000_000);
    private long now = before;

    Run(long seed) {
      this.seed = seed;
      random = new Random(seed);
      var parameters =
          new Ledger.Parameters(
              random.nextInt(3) == 0 ? 8 : 0,
              6,
              2,
              20,
              random.nextInt(3),
              0.9,
              Duration.ofSeconds(2),
              0.8,
              Duration.ofMillis(100),
              Duration.ofMillis(200));
      gate = new Ledger(parameters).newGate();
      naive = new NaiveLedger(parameters);
      for (var needs : List.of(Eligibility.ANY, Eligibility.ofModel("m"))) {
        addClass(classes.size(), needs);
      }
      addClass(2, Eligibility.ofModel("n"));
    }

    void step() {
      before = now;
      now += random.nextInt(20) == 0 ? NaiveLedger.millis(1_500) : random.nextInt(30_000_000);
      switch (random.nextInt(24)) {
        case 0 -> changePool();
        case 1, 2, 3, 4 -> scrape();
        case 5 -> replaceClass();
        case 6, 7, 8, 9, 10, 11, 12 -> grant();
        case 13, 14, 15, 16, 17, 18 -> bind();
        default -> giveBack();
      }
    }

    void check(int step) {
      for (var needs : classes) {
        var said = gate.saturation(needs, now);
        var expected = naive.saturation(needs, classes, now);
        assertThat(said)
            .as("%s at step %d, seed %d", needs, step, seed)
            .isCloseTo(expected, within(1e-6));
        assertThat(said >= 1.0)
            .as("closed to %s at step %d, seed %d", needs, step, seed)
            .isEqualTo(expected >= 1.0);
      }
    }

    private void grant() {
      var needs = classes.get(random.nextInt(classes.size()));
      var input = random.nextInt(4_000);
      var request =
          new FakeRunning(needs, now, input, random.nextInt(input + 1), random.nextInt(2_000));
      running.add(request);
      naive.granted(request);
      gate.granted(request);
    }

    private void bind() {
      if (!running.isEmpty()) {
        var request = running.get(random.nextInt(running.size()));
        var previous = request.bind("e" + random.nextInt(6));
        naive.bound(request, before, now);
        gate.bound(request, previous);
      }
    }

    private void giveBack() {
      if (!running.isEmpty()) {
        var request = running.remove(random.nextInt(running.size()));
        naive.returned(request, now);
        gate.returned(request);
      }
    }

    private void changePool() {
      var next = new ArrayList<EndpointState>();
      for (var i = 0; i < 5; i++) {
        if (random.nextInt(5) > 0) {
          var models = MODELS.get(random.nextInt(MODELS.size()));
          var healthy = random.nextInt(6) > 0;
          var size = random.nextInt(3) * 20_000L;
          var weight = 0.5 + random.nextInt(4);
          next.add(
              sampled.containsKey("e" + i)
                  ? sample("e" + i, models, healthy, size, weight)
                  : new EndpointState(
                      "e" + i,
                      models,
                      Set.of(),
                      healthy,
                      0,
                      0,
                      0,
                      size,
                      0,
                      weight,
                      EndpointState.NEVER_SAMPLED));
        }
      }
      publish(next);
    }

    private void scrape() {
      var next = new ArrayList<EndpointState>();
      for (var old : pool) {
        next.add(
            random.nextBoolean()
                ? old
                : sample(
                    old.id(),
                    old.models(),
                    old.healthy(),
                    old.kvCapacityTokens(),
                    old.capacityWeight()));
      }
      publish(next);
    }

    private EndpointState sample(
        String id, Set<String> models, boolean healthy, long kvCapacity, double weight) {
      var at = now - random.nextInt(60_000_000);
      at = sampled.merge(id, at, (last, next) -> Math.max(last + 1, next));
      return new EndpointState(
          id,
          models,
          Set.of(),
          healthy,
          random.nextInt(3) == 0 ? 1 + random.nextInt(12) : 0,
          6 + random.nextInt(3),
          random.nextInt(10) == 0 ? 0.96 : random.nextDouble() * 0.6,
          kvCapacity,
          preemptions.merge(id, random.nextInt(8) == 0 ? 1L : 0L, Long::sum),
          weight,
          at);
    }

    private void publish(List<EndpointState> next) {
      pool = List.copyOf(next);
      naive.poolChanged(new PoolSnapshot(pool), now);
      gate.poolChanged(new PoolSnapshot(pool), now);
    }

    private void replaceClass() {
      var old = classes.get(random.nextInt(classes.size()));
      classes.remove(old);
      gate.classRetired(old);
      var needs =
          random.nextBoolean()
              ? Eligibility.ofModel(random.nextBoolean() ? "m" : "")
              : new Eligibility(
                  "", "", Set.of("e" + random.nextInt(3), "e" + (3 + random.nextInt(2))));
      addClass(old.index(), needs);
    }

    private void addClass(int index, Eligibility needs) {
      var added = new EligibilityClass(index, needs);
      classes.add(added);
      gate.classAdded(added);
    }
  }
}
