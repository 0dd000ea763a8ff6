package dev.sluice.endpoints;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.endpoints.health.HealthThresholds;
import dev.sluice.endpoints.metrics.EndpointMetrics;
import dev.sluice.endpoints.scheduling.Candidate;
import dev.sluice.endpoints.scheduling.SchedulingRequest;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.CapacityGate;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.net.URI;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Running work is counted twice: the pool counts leases, and the detector's ledger counts permits
 * that are bound. Whatever happened before, the two agree when no request is between endpoints.
 */
final class TwoCountsTest {
  private static final List<String> IDS = List.of("a", "b", "c");

  /** A power of two, so that a detector's saturation tells its count exactly. */
  private static final int LIMIT = 1 << 12;

  private static final int STEPS = 5_000;
  private static final int STEPS_TO_QUIET = 50;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void poolAndDetectorAgreeAtQuiet(long seed) {
    var counts = new Counts(seed);

    for (var step = 0; step < STEPS; step++) {
      counts.step();
      if (step % STEPS_TO_QUIET == 0) {
        counts.becomeQuiet();

        assertThat(counts.ofDetector())
            .as("seed %d, step %d", seed, step)
            .isEqualTo(counts.ofPool());
      }
    }

    assertThat(counts.mostAtQuiet).as("running requests compared").isGreaterThan(10);
  }

  /** A dispatched request, at an endpoint or between two. */
  private static final class Call {
    final Permit permit;
    final Set<String> tried = new HashSet<>();
    @Nullable EndpointLease lease;

    Call(Permit permit) {
      this.permit = permit;
    }
  }

  /** The engine and the pool of production, driven at random by one thread. */
  private static final class Counts {
    private final SplittableRandom random;
    private final Clock clock = new Clock();
    private final FlowController controller;
    private final EndpointPool pool;
    private final Map<String, Integer> loadAtPicker = new HashMap<>();
    private final Map<String, Integer> others = new HashMap<>();
    private final Deque<Call> unsent = new ArrayDeque<>();
    private final List<Call> sent = new ArrayList<>();
    private @Nullable CapacityGate gate;
    private int mostAtQuiet;

    Counts(long seed) {
      random = new SplittableRandom(seed);
      var ledger =
          PluginCatalog.builtIn()
              .plugin(
                  SaturationDetector.class, "ledger", Map.of("fixedLimit", LIMIT, "headroom", 0))
              .create();
      Plugin<SaturationDetector> kept = Plugin.of("kept", () -> () -> keep(ledger.newGate()));
      controller =
          FlowController.builder(FlowControlConfig.builder().detector(kept).build())
              .timeSource(clock)
              .build();
      pool =
          new EndpointPool(
              new HealthThresholds(1, 1), this::pick, controller::poolChanged, clock::nanoTime);
      pool.reconfigure(
          IDS.stream().map(id -> EndpointConfig.of(id, URI.create("http://" + id))).toList());
      IDS.forEach(pool::healthCheckPassed);
    }

    private CapacityGate keep(CapacityGate made) {
      gate = made;
      return made;
    }

    private int pick(SchedulingRequest request, List<? extends Candidate> candidates) {
      for (var candidate : candidates) {
        loadAtPicker.put(candidate.id(), candidate.ownRequests() + candidate.foreignRequests());
      }
      return random.nextInt(candidates.size());
    }

    void step() {
      clock.nanos += random.nextLong(1, 5_000_000);
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> offer();
        case 3, 4 -> send();
        case 5 -> refuseConnection();
        case 6 -> complete();
        default -> observe();
      }
    }

    private void offer() {
      var request = FlowControlRequest.builder("r", new FlowKey("f", 0)).inputTokens(10).build();
      controller.enqueue(
          request,
          outcome -> {
            if (outcome instanceof Admission.Dispatched(var permit, var waited)) {
              unsent.add(new Call(permit));
            }
          });
    }

    /** Sends a request that is between endpoints, or gives it up if no endpoint is left. */
    private void send() {
      var call = unsent.poll();
      if (call == null) {
        return;
      }
      if (pool.choose(Eligibility.ANY, call.tried) instanceof EndpointChoice.Chosen(var lease)) {
        call.lease = lease;
        call.permit.bind(lease.endpoint().id());
        sent.add(call);
      } else {
        call.permit.complete(Usage.NONE);
      }
    }

    private void refuseConnection() {
      var call = anySent();
      if (call != null && call.lease != null) {
        var id = call.lease.endpoint().id();
        call.lease.close();
        call.lease = null;
        call.tried.add(id);
        pool.connectFailed(id);
        unsent.add(call);
      }
    }

    private void complete() {
      var call = anySent();
      if (call != null && call.lease != null) {
        call.lease.close();
        call.permit.complete(Usage.of(10, 10));
      }
    }

    private @Nullable Call anySent() {
      return sent.isEmpty() ? null : sent.remove(random.nextInt(sent.size()));
    }

    private void observe() {
      var id = IDS.get(random.nextInt(IDS.size()));
      if (random.nextInt(4) == 0) {
        pool.healthCheckFailed(id);
      } else {
        pool.healthCheckPassed(id);
      }
      others.put(id, random.nextInt(20));
      sample(id);
    }

    /** Reads an endpoint's metrics: the requests of ours that are there, and those of others. */
    private void sample(String id) {
      var running = pool.leases(id) + others.getOrDefault(id, 0);
      pool.metricsRead(
          id, new EndpointMetrics(0, running, 0, 0, 0, 0, Set.of(), Set.of()), clock.nanos);
      pool.publish();
    }

    /** No request is between endpoints, all endpoints are healthy, and each has a new sample. */
    void becomeQuiet() {
      IDS.forEach(pool::healthCheckPassed);
      while (!unsent.isEmpty()) {
        send();
      }
      clock.nanos++;
      IDS.forEach(this::sample);
      mostAtQuiet = Math.max(mostAtQuiet, sent.size());
    }

    /** Requests of ours and of others on each endpoint, as a picker sees them. */
    Map<String, Integer> ofPool() {
      if (pool.choose(Eligibility.ANY, Set.of()) instanceof EndpointChoice.Chosen(var lease)) {
        lease.close();
      }
      return Map.copyOf(loadAtPicker);
    }

    /** The same, as the detector's saturation for requests that may go to one endpoint only. */
    Map<String, Integer> ofDetector() {
      var counted = new HashMap<String, Integer>();
      for (var i = 0; i < IDS.size(); i++) {
        var only = new EligibilityClass(100 + i, new Eligibility("", "", Set.of(IDS.get(i))));
        var asked = gate;
        if (asked != null) {
          asked.classAdded(only);
          counted.put(IDS.get(i), (int) (asked.saturation(only, clock.nanos) * LIMIT));
          asked.classRetired(only);
        }
      }
      return counted;
    }
  }

  /** A clock that stands still unless it is moved. No alarm is waited for. */
  private static final class Clock implements TimeSource {
    private long nanos = 1_000_000_000;

    @Override
    public long nanoTime() {
      return nanos;
    }

    @Override
    public Alarm newAlarm(Runnable onFire) {
      return new Alarm() {
        @Override
        public void set(long nanoTime) {}

        @Override
        public void close() {}
      };
    }
  }
}
