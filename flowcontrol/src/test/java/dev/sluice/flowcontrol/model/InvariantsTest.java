package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.config.TenantConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.EndpointState;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.EngineInvariants;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.PluginCatalog;
import dev.sluice.flowcontrol.framework.QueueAdmissionPolicy;
import dev.sluice.flowcontrol.framework.QueueCapability;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.framework.SaturationDetector;
import dev.sluice.flowcontrol.model.Knobs.Band;
import dev.sluice.flowcontrol.model.Knobs.Detector;
import dev.sluice.flowcontrol.testing.FakeClock;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.RejectReason;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The engine's nine invariants (DESIGN 3.6), each by a test of its own that does not use the model.
 */
@Timeout(120)
final class InvariantsTest {
  private static final PluginCatalog CATALOG = PluginCatalog.builtIn();

  private final FakeClock clock = new FakeClock();
  private final Events events = new Events();
  private final List<Permit> permits = new ArrayList<>();
  private final Map<String, List<Admission>> outcomes = new HashMap<>();
  private int offered;

  private FlowController engine(Knobs knobs) {
    return engine(Translation.config(knobs));
  }

  private FlowController engine(FlowControlConfig config) {
    return FlowController.builder(config).timeSource(clock).observer(events).build();
  }

  private FlowControlRequest.Builder request(String flow, int priority) {
    return FlowControlRequest.builder("r" + ++offered, new FlowKey(flow, priority))
        .inputTokens(10)
        .maxOutputTokens(10);
  }

  private PendingAdmission offer(FlowController engine, FlowControlRequest request) {
    return engine.enqueue(
        request,
        admission -> {
          outcomes.computeIfAbsent(request.id(), id -> new ArrayList<>()).add(admission);
          if (admission instanceof Admission.Dispatched dispatched) {
            permits.add(dispatched.permit());
          }
        });
  }

  /** Offers, completes, cancels and lets time pass, at random. */
  private void runAtRandom(FlowController engine, long seed, int operations) {
    var random = new Random(seed);
    var pending = new ArrayDeque<PendingAdmission>();
    for (var i = 0; i < operations; i++) {
      switch (random.nextInt(10)) {
        case 0, 1, 2, 3, 4 -> {
          var flow = random.nextInt(4);
          var request =
              request("f" + flow, random.nextInt(3) * 5 - 5)
                  .tenant("t" + flow / 2)
                  .sizeBytes(random.nextInt(20));
          if (random.nextInt(4) == 0) {
            request.timeToLive(Ticks.duration(1 + random.nextInt(10)));
          }
          pending.add(offer(engine, request.build()));
        }
        case 5, 6, 7 -> {
          if (!permits.isEmpty()) {
            permits.remove(random.nextInt(permits.size())).complete(Usage.of(10, 5));
          }
        }
        case 8 -> {
          if (pending.size() > 4) {
            var _ = pending.removeFirst().cancel();
          }
        }
        default -> clock.advance(Ticks.duration(random.nextInt(4)));
      }
      EngineInvariants.check(engine);
    }
  }

  @Nested
  final class I1Conservation {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void everyRequestIsAccountedForAndNothingIsLeftAtRest(long seed) {
      var engine = engine(Knobs.DEFAULT.withMaxRequests(12).withDetector(Detector.SCRIPTED, 3));
      engine.poolChanged(PoolSnapshot.of("e"));

      runAtRandom(engine, seed, 4_000);
      while (!permits.isEmpty()) {
        permits.removeFirst().close();
      }
      var drained = engine.shutdown(Duration.ZERO);

      assertThat(drained).isCompleted();
      assertThat(outcomes.values().stream().mapToInt(List::size).sum()).isEqualTo(offered);
      assertThat(events.count("dispatched") + events.count("rejected") + events.count("evicted"))
          .isEqualTo(offered);
      assertThat(events.count("returned")).isEqualTo(events.count("dispatched"));
      assertThat(events.count("rejected")).isPositive();
      assertThat(events.count("evicted")).isPositive();
      var view = engine.view();
      assertThat(view.queuedRequests()).isZero();
      assertThat(view.queuedBytes()).isZero();
      assertThat(view.runningRequests()).isZero();
      for (var band : view.bands()) {
        assertThat(band.queuedRequests()).isZero();
        assertThat(band.queuedBytes()).isZero();
        assertThat(band.flows())
            .allMatch(f ->
                f.queuedRequests() == 0
                    && f.queuedBytes() == 0
                    && f.runningRequests() == 0
                    && f.headWaitNanos() == 0);
      }
      engine.close();
      assertThat(clock.armedAlarms()).isZero();
    }
  }

  @Nested
  final class I2OneOutcome {

    @Test
    void aRequestThatIsGrantedCancelledAndDueAtOnceHasOneOutcome() throws Exception {
      var reasons = new TreeSet<String>();
      var barrier = new CyclicBarrier(3);
      try (var threads = Executors.newFixedThreadPool(2)) {
        for (var round = 0; round < 4_000; round++) {
          var engine = engine(Knobs.DEFAULT);
          engine.poolChanged(PoolSnapshot.of("e"));
          var first = new AtomicReference<Permit>();
          var _ =
              engine.enqueue(
                  request("a", 0).build(),
                  a -> {
                    if (a instanceof Admission.Dispatched d) {
                      first.set(d.permit());
                    }
                  });
          var told = new AtomicInteger();
          var outcome = new AtomicReference<@Nullable Admission>();
          var raced =
              engine.enqueue(
                  request("a", 0).timeToLive(Duration.ofMillis(1)).build(),
                  a -> {
                    told.incrementAndGet();
                    outcome.set(a);
                  });
          var cancelling =
              threads.submit(() -> {
                barrier.await();
                return raced.cancel();
              });
          var completing =
              threads.submit(() -> {
                barrier.await();
                first.get().complete(Usage.of(10, 5));
                return true;
              });
          barrier.await();
          clock.advance(Duration.ofMillis(1));
          completing.get();
          var cancelled = cancelling.get();
          clock.settle();

          assertThat(told).hasValue(1);
          var got = outcome.get();
          assertThat(cancelled)
              .isEqualTo(got instanceof Admission.Evicted e && e.reason() == EvictReason.CANCELLED);
          if (got instanceof Admission.Dispatched d) {
            d.permit().close();
          }
          assertThat(engine.view().runningRequests()).isZero();
          assertThat(engine.view().queuedRequests()).isZero();
          reasons.add(got == null ? "none" : got.outcome().label());
          engine.close();
        }
      }
      assertThat(reasons).contains("Dispatched", "EvictedContextCancelled");
    }
  }

  @Nested
  final class I3NoInversion {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void neverServesALowerBandWhileAHigherBandWaits(long seed) {
      var engine = engine(Knobs.DEFAULT.withDetector(Detector.CONCURRENCY, 2));
      engine.poolChanged(PoolSnapshot.of("e", "f"));

      runAtRandom(engine, seed, 4_000);

      var waiting = new TreeMap<Integer, Integer>();
      var fromQueue = 0;
      for (var event : events.all) {
        var priority = event.request.flow().priority();
        switch (event.kind) {
          case "queued" -> waiting.merge(priority, 1, Integer::sum);
          case "evicted" -> waiting.merge(priority, -1, Integer::sum);
          case "dispatched" -> {
            if (event.fromQueue) {
              waiting.merge(priority, -1, Integer::sum);
              fromQueue++;
            }
            assertThat(waiting.tailMap(priority, false).values())
                .as("%s", event)
                .allMatch(n -> n == 0);
          }
          default -> {}
        }
      }
      assertThat(fromQueue).isGreaterThan(100);
    }
  }

  @Nested
  final class I4Limits {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void noLimitIsExceededNotEvenForAMoment(long seed) {
      var band = Band.DEFAULT.withLimits(6, 70).withFlowLimits(4, 50);
      var engine =
          engine(
              Translation.config(
                      Knobs.DEFAULT.withMaxRequests(10).withMaxBytes(100).withTemplates(band, band))
                  .toBuilder()
                  .defaultTenant(new TenantConfig(1, 5, 0, 60))
                  .build());
      engine.poolChanged(PoolSnapshot.of("e"));

      runAtRandom(engine, seed, 6_000);

      var requests = new HashMap<String, Integer>();
      var bytes = new HashMap<String, Long>();
      var most = new HashMap<String, Long>();
      for (var event : events.all) {
        var waits = event.kind.equals("queued");
        if (!waits && !(event.kind.equals("evicted") || event.fromQueue)) {
          continue;
        }
        var flow = event.request.flow();
        var scopes =
            List.of(
                "all",
                "band " + flow.priority(),
                "flow " + flow,
                "tenant " + event.request.tenant());
        for (var scope : scopes) {
          var n = requests.merge(scope, waits ? 1 : -1, Integer::sum);
          var size = event.request.sizeBytes();
          var b = bytes.merge(scope, waits ? size : -size, Long::sum);
          var kind = scope.substring(0, scope.indexOf(' ') < 0 ? 3 : scope.indexOf(' '));
          most.merge(kind + " requests", (long) n, Math::max);
          most.merge(kind + " bytes", b, Math::max);
        }
      }
      assertThat(most.get("all requests")).isEqualTo(10);
      assertThat(most.get("all bytes")).isBetween(90L, 100L);
      assertThat(most.get("band requests")).isEqualTo(6);
      assertThat(most.get("band bytes")).isBetween(60L, 70L);
      assertThat(most.get("flow requests")).isEqualTo(4);
      assertThat(most.get("flow bytes")).isBetween(40L, 50L);
      assertThat(most.get("tenant requests")).isEqualTo(5);
      assertThat(most.get("tenant bytes")).isBetween(50L, 60L);
    }

    @Test
    void aLoweredLimitDrainsAndEvictsNobody() {
      var engine = engine(Knobs.DEFAULT);
      for (var i = 0; i < 5; i++) {
        var _ = offer(engine, request("a", 0).build());
      }

      engine.reconfigure(Translation.config(Knobs.DEFAULT.withMaxRequests(2)));
      var _ = offer(engine, request("a", 0).build());

      assertThat(engine.view().queuedRequests()).isEqualTo(5);
      assertThat(events.count("evicted")).isZero();
      assertThat(events.count("rejected")).isEqualTo(1);
    }
  }

  @Nested
  final class I5Displacement {
    private final Knobs full = Knobs.DEFAULT.withMaxRequests(3).withMaxBytes(30);

    @Test
    void takesStrictlyLowerPriorityOnly() {
      var engine = engine(full);
      for (var i = 0; i < 3; i++) {
        var _ = offer(engine, request("a", 0).build());
      }

      var _ = offer(engine, request("b", 0).build());
      var _ = offer(engine, request("b", -1).build());

      assertThat(events.count("evicted")).isZero();
      assertThat(events.count("rejected")).isEqualTo(2);
    }

    @Test
    void killsNobodyWhereTheNewcomerWouldNotFitEvenSo() {
      var engine = engine(full);
      var _ = offer(engine, request("a", 5).sizeBytes(11).build());
      var _ = offer(engine, request("a", -1).sizeBytes(10).build());

      var _ = offer(engine, request("b", 5).sizeBytes(20).build());

      assertThat(events.count("evicted")).isZero();
      assertThat(events.kinds()).endsWith("queued", "queued", "rejected");
    }

    @Test
    void killsNoMoreThanTheNewcomerNeeds() {
      var engine = engine(full);
      for (var i = 0; i < 3; i++) {
        var _ = offer(engine, request("a", -1).sizeBytes(5).build());
      }

      var _ = offer(engine, request("b", 5).sizeBytes(5).build());

      assertThat(events.kinds()).containsExactly("queued", "queued", "queued", "evicted", "queued");
      assertThat(outcomes).containsOnlyKeys("r3");
    }

    @Test
    void givesTheVictimsPlaceToTheNewcomerAndToNobodyElse() {
      var engine = engine(full.withMaxRequests(1));
      var victim = request("a", -1).build();
      var _ =
          engine.enqueue(
              victim,
              gaveWay -> {
                // Whoever is told that it gave way may come back at once: it must find no place.
                var _ = offer(engine, request("a", 4).build());
              });

      var _ = offer(engine, request("b", 5).build());

      events.all.sort(Comparator.comparingLong(Events.Event::sequence));
      assertThat(events.kinds()).containsExactly("queued", "evicted", "queued", "rejected");
      assertThat(events.all.get(2).request.flow().priority()).isEqualTo(5);
    }
  }

  @Nested
  final class I6Deadlines {

    @Test
    void expiresAtItsTimeAndNotBefore() {
      var engine = engine(Knobs.DEFAULT);
      engine.poolChanged(PoolSnapshot.of("e"));
      var _ = offer(engine, request("a", 0).build());
      var _ = offer(engine, request("a", 0).timeToLive(Duration.ofSeconds(3)).build());
      var due = clock.nanoTime() + Duration.ofSeconds(5).toNanos();
      var _ = offer(engine, request("a", 0).deadlineNanos(due).build());

      clock.advance(Duration.ofSeconds(3).minusNanos(1));
      assertThat(events.count("evicted")).isZero();

      clock.advance(Duration.ofNanos(1));
      assertThat(events.count("evicted")).isEqualTo(1);
      assertThat(outcomes.get("r2")).first().isInstanceOf(Admission.Evicted.class);

      clock.advance(Duration.ofSeconds(2).minusNanos(1));
      assertThat(events.count("evicted")).isEqualTo(1);

      clock.advance(Duration.ofNanos(1));
      assertThat(events.count("evicted")).isEqualTo(2);
    }

    @Test
    void dispatchesNothingAtOrAfterItsDeadlineHoweverLateTheTimer() {
      var engine = engine(Knobs.DEFAULT);
      engine.poolChanged(PoolSnapshot.of("e"));
      var _ = offer(engine, request("a", 0).build());
      var _ = offer(engine, request("a", 0).timeToLive(Duration.ofSeconds(3)).build());
      var _ = offer(engine, request("a", 0).build());

      clock.lag(Duration.ofSeconds(3));
      permits.removeFirst().complete(Usage.of(10, 5));

      assertThat(events.kinds()).endsWith("queued", "queued", "evicted", "returned", "dispatched");
      assertThat(outcomes.get("r2")).first().isInstanceOf(Admission.Evicted.class);
    }

    @Test
    void dispatchesNothingExpiredWhenMoreExpireThanOneHoldOfTheLockAllows() {
      var engine = engine(Knobs.DEFAULT);
      engine.poolChanged(PoolSnapshot.of("e"));
      var _ = offer(engine, request("a", 0).build());
      for (var i = 0; i < 1_000; i++) {
        var _ = offer(engine, request("a", 0).timeToLive(Duration.ofSeconds(3)).build());
      }

      clock.lag(Duration.ofSeconds(3));
      permits.removeFirst().complete(Usage.of(10, 5));
      assertThat(events.count("evicted")).as("one caller's part of it").isBetween(1L, 300L);
      clock.settle();

      assertThat(events.count("dispatched")).isEqualTo(1);
      assertThat(events.count("evicted")).isEqualTo(1_000);
    }
  }

  @Nested
  final class I7UnknownAndEmpty {

    @Test
    void aSaturationOfNanClosesTheGate() {
      var engine = engine(Knobs.DEFAULT.withDetector(Detector.SCRIPTED, 9));
      engine.poolChanged(
          Translation.pool(List.of(new Command.Endpoint("e", Set.of(), true, false))));

      var _ = offer(engine, request("a", 0).build());
      assertThat(events.kinds()).containsExactly("queued");

      engine.poolChanged(PoolSnapshot.of("e"));
      assertThat(events.kinds()).containsExactly("queued", "dispatched");
    }

    @Test
    void aPoolWithoutEndpointsAndUnknownMetricsRevokeNothing() {
      var engine = engine(Knobs.DEFAULT.withDetector(Detector.SCRIPTED, 1));
      engine.poolChanged(PoolSnapshot.of("e"));
      var _ = offer(engine, request("a", 0).build());

      engine.poolChanged(
          Translation.pool(List.of(new Command.Endpoint("e", Set.of(), true, false))));
      engine.poolChanged(PoolSnapshot.EMPTY);
      clock.advance(Duration.ofSeconds(10));

      assertThat(events.kinds()).containsExactly("dispatched");
      assertThat(engine.view().runningRequests()).isEqualTo(1);

      engine.poolChanged(PoolSnapshot.of("e"));
      var _ = offer(engine, request("a", 0).build());
      permits.removeFirst().complete(Usage.of(10, 5));

      assertThat(events.kinds()).containsExactly("dispatched", "queued", "returned", "dispatched");
    }

    @Test
    void staleMetricsRevokeNothing() {
      var engine =
          engine(
              FlowControlConfig.builder()
                  .detector(CATALOG.plugin(SaturationDetector.class, "utilization"))
                  .build());
      engine.poolChanged(sampledNow());
      var _ = offer(engine, request("a", 0).build());
      assertThat(events.kinds()).containsExactly("dispatched");

      clock.advance(Duration.ofSeconds(10));
      var _ = offer(engine, request("a", 0).build());

      assertThat(events.kinds()).containsExactly("dispatched", "queued");
      assertThat(engine.view().runningRequests()).isEqualTo(1);

      engine.poolChanged(sampledNow());
      assertThat(events.kinds()).containsExactly("dispatched", "queued", "dispatched");
    }

    private PoolSnapshot sampledNow() {
      return new PoolSnapshot(
          List.of(
              new EndpointState(
                  "e", Set.of(), Set.of(), true, 0, 0, 0.0, 0, 0, 1.0, clock.nanoTime())));
    }
  }

  @Nested
  final class I8Repeatability {

    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14})
    void theSameInputsGiveTheSameDecisions(long seed) {
      var random = new RandomCommands(seed);
      var knobs = random.knobs();
      var commands = new ArrayList<Command>();
      var model =
          new NaiveEngine(
              knobs,
              0,
              k -> Translation.costs(k).create(),
              k -> Translation.predictor(k).create(),
              k -> Translation.bands(k).create());
      for (var i = 0; i < 2_000; i++) {
        var command = i == 0 ? random.pool() : random.next(model);
        commands.add(command);
        model.apply(command, request(command, model.now()));
      }

      assertThat(log(knobs, commands, 7)).isEqualTo(log(knobs, commands, 7));
      assertThat(log(knobs, commands, -9_000_000_000L)).isEqualTo(log(knobs, commands, 7));
    }

    private static String log(Knobs knobs, List<Command> commands, long startNanos) {
      var own = new FakeClock(startNanos);
      var log = new StringBuilder();
      try (var engine = new EngineUnderTest(knobs, own)) {
        for (var command : commands) {
          log.append(engine.apply(command, request(command, own.nanoTime()))).append('\n');
        }
      }
      return log.toString();
    }

    private static FlowControlRequest request(Command command, long now) {
      return Translation.request(
          command instanceof Command.Offer o ? o : Command.Offer.of(0, "unused", 0), now);
    }
  }

  @Nested
  final class I9Cost {
    private static final int FEW = 10;
    private static final int MANY = 10_000;
    private static final int DECISIONS = 200;

    /** Ten thousand flows are 4 times as deep as ten; a scan would cost 1,000 times as much. */
    private static final double MOST_GROWTH = 6.0;

    @Test
    void aDispatchCostsTheLogarithmOfTheFlows() {
      assertThat(dispatches(MANY)).isLessThan((long) (MOST_GROWTH * dispatches(FEW)));
    }

    @Test
    void aCancellationCostsTheLogarithmOfTheFlows() {
      assertThat(cancellations(MANY)).isLessThan((long) (MOST_GROWTH * cancellations(FEW)));
    }

    @Test
    void aDisplacementCostsTheLogarithmOfTheFlows() {
      assertThat(displacements(MANY)).isLessThan((long) (MOST_GROWTH * displacements(FEW)));
    }

    @Test
    void aLongQueueCostsNoMoreThanAShortOne() {
      assertThat(ofOneFlow(MANY)).isLessThan((long) (MOST_GROWTH * ofOneFlow(FEW)));
    }

    /** A tenant reaches its limit, and leaves it again, with each of its requests. */
    @Test
    void aTenantsRunningLimitCostsTheLogarithmOfItsFlows() {
      assertThat(limitTransitions(MANY)).isLessThan((long) (MOST_GROWTH * limitTransitions(FEW)));
    }

    private long limitTransitions(int flows) {
      var counting = new Counting();
      var engine =
          engine(
              counting.config(0).toBuilder()
                  .tenant("one", new TenantConfig(1.0, 0, 1, 0))
                  .detector(
                      CATALOG.plugin(
                          SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 5)))
                  .build());
      engine.poolChanged(PoolSnapshot.of("e"));
      permits.clear();
      events.all.clear();
      for (var i = 0; i <= flows; i++) {
        var _ = offer(engine, request("f" + i % flows, 0).tenant("one").build());
      }
      assertThat(permits).as("the tenant is at its limit").hasSize(1);
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        permits.removeLast().complete(Usage.of(10, 5));
        var _ = offer(engine, request("f" + i % flows, 0).tenant("one").build());
      }
      assertThat(events.count("dispatched")).isEqualTo(DECISIONS + 1);
      return counting.work - before;
    }

    private long dispatches(int flows) {
      var counting = new Counting();
      var engine = engine(counting.config(0));
      engine.poolChanged(PoolSnapshot.of("e"));
      fill(engine, flows);
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        permits.removeLast().complete(Usage.of(10, 5));
        var _ = offer(engine, request("f" + i % flows, 0).build());
      }
      assertThat(events.count("dispatched")).isGreaterThanOrEqualTo(DECISIONS);
      return counting.work - before;
    }

    private long cancellations(int flows) {
      var counting = new Counting();
      var engine = engine(counting.config(0));
      fill(engine, flows);
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        assertThat(offer(engine, request("f" + i % flows, 0).build()).cancel()).isTrue();
      }
      return counting.work - before;
    }

    private long displacements(int flows) {
      var counting = new Counting();
      var engine = engine(counting.config(flows + DECISIONS + 1));
      fill(engine, flows);
      for (var i = 0; i < DECISIONS; i++) {
        var _ = offer(engine, request("f" + i % flows, 0).build());
      }
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        var _ = offer(engine, request("high", 5).build());
      }
      assertThat(events.count("evicted")).isGreaterThanOrEqualTo(DECISIONS - 1);
      return counting.work - before;
    }

    private long ofOneFlow(int length) {
      var counting = new Counting();
      var engine = engine(counting.config(0));
      engine.poolChanged(PoolSnapshot.of("e"));
      for (var i = 0; i <= length; i++) {
        var _ = offer(engine, request("f", 0).build());
      }
      var before = counting.work;
      for (var i = 0; i < DECISIONS; i++) {
        permits.removeLast().complete(Usage.of(10, 5));
        var _ = offer(engine, request("f", 0).build());
        assertThat(offer(engine, request("f", 0).build()).cancel()).isTrue();
      }
      return counting.work - before;
    }

    private void fill(FlowController engine, int flows) {
      permits.clear();
      events.all.clear();
      for (var i = 0; i <= flows; i++) {
        var _ = offer(engine, request("f" + i % flows, 0).build());
      }
    }
  }

  /** Plugins that count what they are asked and every comparison that they make for it. */
  private static final class Counting {
    private long work;

    FlowControlConfig config(int maxRequests) {
      var band =
          BandConfig.DEFAULT
              .withLimits(1_000_000, 1_000_000_000L)
              .withFairness(Plugin.<InterFlowDispatchPolicy>of("counting", Turns::new))
              .withOrdering(
                  BandConfig.DEFAULT.ordering(), Plugin.<SafeQueue>of("counting", Queue::new));
      return FlowControlConfig.builder()
          .maxRequests(maxRequests)
          .detector(
              CATALOG.plugin(SaturationDetector.class, "concurrency", Map.of("maxConcurrency", 1)))
          .queueAdmission(CATALOG.plugin(QueueAdmissionPolicy.class, "none"))
          .flowDisplacement(Plugin.<InterFlowDisplacementPolicy>of("counting", Largest::new))
          .defaultBand(band)
          .defaultNegativeBand(band)
          .build();
    }

    private final class Queue implements SafeQueue {
      private final SafeQueue list = CATALOG.plugin(SafeQueue.class, "list").create();

      @Override
      public Set<QueueCapability> capabilities() {
        return list.capabilities();
      }

      @Override
      public void add(QueueItem item) {
        work++;
        list.add(item);
      }

      @Override
      public boolean remove(QueueItem item) {
        work++;
        return list.remove(item);
      }

      @Override
      public @Nullable QueueItem head() {
        work++;
        return list.head();
      }

      @Override
      public @Nullable QueueItem tail() {
        work++;
        return list.tail();
      }

      @Override
      public @Nullable QueueItem oldest() {
        work++;
        return list.oldest();
      }

      @Override
      public int size() {
        work++;
        return list.size();
      }
    }

    private int compare(long a, long b) {
      work++;
      return Long.compare(a, b);
    }

    /** Round-robin by a balanced tree. */
    private final class Turns implements InterFlowDispatchPolicy {
      private final TreeMap<Long, FlowQueueView> turns = new TreeMap<>(Counting.this::compare);
      private final Map<FlowQueueView, Long> turnOf = new HashMap<>();
      private long last;

      @Override
      public void activated(FlowQueueView queue) {
        work++;
        turns.put(++last, queue);
        turnOf.put(queue, last);
      }

      @Override
      public void deactivated(FlowQueueView queue) {
        work++;
        var turn = turnOf.remove(queue);
        if (turn != null) {
          turns.remove(turn);
        }
      }

      @Override
      public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
        work++;
        return turns.isEmpty() ? null : turns.firstEntry().getValue();
      }

      @Override
      public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
        work++;
        return false;
      }

      @Override
      public void dispatched(FlowQueueView queue, long cost) {
        deactivated(queue);
        activated(queue);
      }
    }

    /** The most queued requests, by a balanced tree. */
    private final class Largest implements InterFlowDisplacementPolicy {
      private final Map<FlowKey, Long> rankOf = new HashMap<>();
      private final TreeMap<Long, FlowView> ranks = new TreeMap<>(Counting.this::compare);
      private long last;

      @Override
      public void backlogChanged(FlowView flow) {
        work++;
        var rank = rankOf.remove(flow.key());
        if (rank != null) {
          ranks.remove(rank);
        }
        if (flow.queuedRequests() > 0) {
          var own = flow.queuedRequests() * 1_000_000_000L + ++last;
          ranks.put(own, flow);
          rankOf.put(flow.key(), own);
        }
      }

      @Override
      public @Nullable FlowView victim() {
        work++;
        return ranks.isEmpty() ? null : ranks.lastEntry().getValue();
      }
    }
  }

  /** What the engine said, in order. */
  private static final class Events implements EngineObserver {

    private record Event(
        long sequence, String kind, FlowControlRequest request, boolean fromQueue) {}

    private final List<Event> all = new ArrayList<>();

    private synchronized void add(
        long sequence, String kind, FlowControlRequest request, boolean fromQueue) {
      all.add(new Event(sequence, kind, request, fromQueue));
    }

    private long count(String kind) {
      return all.stream().filter(e -> e.kind.equals(kind)).count();
    }

    private List<String> kinds() {
      return all.stream().map(Event::kind).toList();
    }

    @Override
    public void queued(long sequence, long nowNanos, FlowControlRequest request) {
      add(sequence, "queued", request, false);
    }

    @Override
    public void dispatched(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        long waitedNanos,
        boolean fromQueue,
        boolean reservedTurn) {
      add(sequence, "dispatched", request, fromQueue);
    }

    @Override
    public void rejected(
        long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
      add(sequence, "rejected", request, false);
    }

    @Override
    public void evicted(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        EvictReason reason,
        long waitedNanos) {
      add(sequence, "evicted", request, false);
    }

    @Override
    public void returned(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        Usage usage,
        long ranNanos,
        boolean reclaimed) {
      add(sequence, "returned", request, false);
    }
  }
}
