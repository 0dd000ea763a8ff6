package dev.sluice.simulation.experiments;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.FlowController;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import dev.sluice.simulation.run.VirtualTime;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Experiments on the invariants, which hold under any operations. */
final class InvariantSheet {
  private static final int STEPS = 50_000;
  private static final Duration TIME_TO_LIVE = Duration.ofMillis(500);
  private static final double NANOS_PER_MILLI = 1e6;

  private InvariantSheet() {}

  static List<Experiment> experiments() {
    return List.of(
        new Experiment(
            "E18",
            "Every request is accounted for, whatever happens",
            List.of(Policy.SLUICE),
            InvariantSheet::conservation),
        new Experiment(
            "E19",
            "Nothing is dispatched late, and expiry is punctual",
            List.of(Policy.SLUICE),
            InvariantSheet::deadlines));
  }

  private static List<Figure> conservation(Policy policy, long seed) {
    var fuzz = new Fuzz(policy, seed);
    fuzz.run();
    return List.of(
        Figure.atMost("requests not accounted for", (double) fuzz.unaccounted, 0),
        Figure.atMost("permits or requests left at the end", (double) fuzz.left, 0));
  }

  private static List<Figure> deadlines(Policy policy, long seed) {
    var fuzz = new Fuzz(policy, seed);
    fuzz.run();
    return List.of(
        Figure.atMost("late dispatches", (double) fuzz.late, 0),
        Figure.atMost("latest expiry, ms after its time", fuzz.latestExpiry / NANOS_PER_MILLI, 10));
  }

  /** Random offers, cancellations, ends, pools and times, with limits and displacement. */
  private static final class Fuzz implements EngineObserver {
    private final SplittableRandom random;
    private final VirtualTime time = new VirtualTime();
    private final FlowController controller;
    private final List<PendingAdmission> pending = new ArrayList<>();
    private final List<Permit> permits = new ArrayList<>();
    private long offered;
    private long decided;
    private long queued;
    private long unaccounted;
    private long left;
    private long late;
    private long latestExpiry;

    Fuzz(Policy policy, long seed) {
      random = new SplittableRandom(seed);
      var setup =
          new Setup(4)
              .bands("strict-reserve")
              .admission("dynamic-threshold")
              .maxRequests(40, true)
              .timeToLive(TIME_TO_LIVE);
      controller =
          FlowController.builder(policy.applied().apply(setup).build())
              .timeSource(time)
              .observer(this)
              .build();
    }

    void run() {
      for (var step = 0; step < STEPS; step++) {
        switch (random.nextInt(10)) {
          case 0, 1, 2, 3 -> offer();
          case 4 -> {
            if (!pending.isEmpty()) {
              pending.remove(random.nextInt(pending.size())).cancel();
            }
          }
          case 5, 6 -> {
            if (!permits.isEmpty()) {
              giveBack(permits.remove(random.nextInt(permits.size())));
            }
          }
          case 7 -> {
            if (random.nextInt(20) == 0) {
              controller.poolChanged(PoolSnapshot.EMPTY);
            } else {
              controller.poolChanged(PoolSnapshot.of("a", "b"));
            }
          }
          default -> time.runUntil(time.nanoTime() + random.nextLong(40_000_000));
        }
        if (offered != decided + queued) {
          unaccounted++;
        }
      }
      var drained = controller.shutdown(Duration.ZERO);
      permits.forEach(Permit::close);
      var view = controller.view();
      left = view.queuedRequests() + view.queuedBytes() + view.runningRequests() + queued;
      left += drained.isDone() ? 0 : 1;
      controller.close();
    }

    private void offer() {
      var request =
          FlowControlRequest.builder(
                  "r" + offered, new FlowKey("f" + random.nextInt(6), random.nextInt(4) - 1))
              .sizeBytes(random.nextInt(100))
              .inputTokens(random.nextInt(500))
              .timeToLive(Duration.ofMillis(1 + random.nextInt(1_000)));
      if (random.nextInt(3) == 0) {
        request.deadlineNanos(time.nanoTime() + random.nextLong(800_000_000));
      }
      offered++;
      pending.add(controller.enqueue(request.build(), this::decided));
    }

    private void decided(Admission admission) {
      decided++;
      if (admission instanceof Admission.Dispatched go) {
        permits.add(go.permit());
      }
    }

    private void giveBack(Permit permit) {
      if (random.nextBoolean()) {
        permit.complete(Usage.of(random.nextInt(500), random.nextInt(300)));
      } else {
        permit.close();
      }
    }

    @Override
    public void queued(long sequence, long nowNanos, FlowControlRequest request) {
      queued++;
    }

    @Override
    public void dispatched(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        long waitedNanos,
        boolean fromQueue,
        boolean reservedTurn) {
      if (fromQueue) {
        queued--;
      }
      if (request.deadlineNanos() != FlowControlRequest.UNSET
          && nowNanos - request.deadlineNanos() >= 0) {
        late++;
      }
    }

    @Override
    public void evicted(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        EvictReason reason,
        long waitedNanos) {
      queued--;
      var deadline = request.deadlineNanos();
      if (reason == EvictReason.EXPIRED
          && deadline != FlowControlRequest.UNSET
          && nowNanos - deadline >= 0) {
        latestExpiry = Math.max(latestExpiry, nowNanos - deadline);
      }
      // Under any changes of the pool, no request waits longer than the larger of the two budgets.
      var longest = Math.max(request.ttlNanos(), TIME_TO_LIVE.toNanos());
      latestExpiry = Math.max(latestExpiry, waitedNanos - longest);
    }
  }
}
