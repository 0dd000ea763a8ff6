package dev.sluice.flowcontrol.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.model.Knobs.Detector;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.List;
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

/** Each request has one outcome and leaves nothing behind: invariants 1 and 2 of DESIGN 3.6. */
@Timeout(120)
final class OutcomeInvariantsTest extends EngineScenario {

  @Nested
  final class I1Conservation {

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void everyRequestIsAccountedForAndNothingIsLeftAtRest(long seed) {
      var engine = engine(Knobs.DEFAULT.withMaxRequests(12).withDetector(Detector.SCRIPTED, 3));
      engine.poolChanged(PoolSnapshot.of("e"));

      runAtRandom(engine, seed, 4_000);
      while (!permits.isEmpty()) {
        permits.remove(0).close();
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
      var threads = Executors.newFixedThreadPool(2);
      try {
        for (var round = 0; round < 4_000; round++) {
          var engine = engine(Knobs.DEFAULT);
          engine.poolChanged(PoolSnapshot.of("e"));
          var first = new AtomicReference<Permit>();
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
      } finally {
        threads.shutdownNow();
      }
      assertThat(reasons).contains("Dispatched", "EvictedContextCancelled");
    }
  }
}
