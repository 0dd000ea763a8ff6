package dev.sluice.flowcontrol.theory;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.controller.EngineInvariants;
import dev.sluice.flowcontrol.controller.FlowController;
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
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/**
 * An engine under a random load of six flows of three tenants in three bands, on a clock that
 * stands still between operations. The same seed gives the same load under any names.
 */
final class EngineRun {

  /**
   * An event of the engine.
   *
   * @param what {@code queued}, {@code dispatched}, or the reason why a request got no permit
   * @param reservedTurn whether it was dispatched by right of a reservation
   */
  record Event(String what, FlowControlRequest request, boolean reservedTurn) {}

  /** Learns of an operation's events, in their order, once it is done. */
  interface Listener {

    /** The next operation offers this request. */
    void offering(FlowControlRequest request);

    /** An operation is done and led to these events. */
    void done(List<Event> events, FlowController engine);
  }

  private record Running(Permit permit, FlowControlRequest request) {}

  private final FakeClock clock = new FakeClock();
  private final List<Event> events = new ArrayList<>();
  private final List<Running> running = new ArrayList<>();
  private final Deque<PendingAdmission> pending = new ArrayDeque<>();
  private final FlowController engine;
  private final Random random;
  private final UnaryOperator<String> names;
  private final Listener listener;
  private int offered;

  EngineRun(FlowControlConfig config, long seed, UnaryOperator<String> names, Listener listener) {
    random = new Random(seed);
    this.names = names;
    this.listener = listener;
    engine =
        FlowController.builder(config).timeSource(clock).observer(new Recorder(events)).build();
    engine.poolChanged(PoolSnapshot.of("server"));
  }

  /** Runs a number of operations: mostly arrivals, with lulls in which all flows go idle. */
  void run(int operations) {
    var quietUntil = 0;
    for (var i = 0; i < operations; i++) {
      if (random.nextInt(400) == 0) {
        quietUntil = i + random.nextInt(80);
      }
      events.clear();
      switch (random.nextInt(20)) {
        case 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 -> {
          if (i >= quietUntil) {
            offer();
          }
        }
        case 11, 12, 13, 14, 15, 16 -> complete();
        case 17 -> {
          if (pending.size() > 6) {
            pending.removeFirst().cancel();
          }
        }
        default -> clock.advance(Duration.ofMillis(random.nextInt(40)));
      }
      listener.done(events, engine);
      EngineInvariants.check(engine);
    }
  }

  private void offer() {
    // The first flow of each tenant is a hog.
    var flow = random.nextInt(3) > 0 ? 0 : random.nextInt(6);
    var priority = (random.nextInt(10) < 4 ? 1 : random.nextInt(3)) * 5 - 5;
    var request =
        FlowControlRequest.builder(
                Integer.toString(++offered), new FlowKey(names.apply("f" + flow), priority))
            .tenant(names.apply("t" + flow % 3))
            .sizeBytes(1 + random.nextInt(60))
            .inputTokens(1 + random.nextInt(2_000))
            .deadlineNanos(clock.nanoTime() + 1 + random.nextLong(4_000_000_000L))
            .build();
    listener.offering(request);
    pending.add(
        engine.enqueue(
            request,
            admission -> {
              if (admission instanceof Admission.Dispatched dispatched) {
                running.add(new Running(dispatched.permit(), request));
              }
            }));
  }

  private void complete() {
    if (!running.isEmpty()) {
      var ended = running.remove(random.nextInt(running.size()));
      var output = random.nextInt(1_000);
      ended.permit.complete(Usage.of(ended.request.inputTokens(), output));
    }
  }

  private record Recorder(List<Event> events) implements EngineObserver {

    @Override
    public void queued(long sequence, long nowNanos, FlowControlRequest request) {
      events.add(new Event("queued", request, false));
    }

    @Override
    public void dispatched(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        long waitedNanos,
        boolean fromQueue,
        boolean reservedTurn) {
      events.add(new Event("dispatched", request, reservedTurn));
    }

    @Override
    public void rejected(
        long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
      events.add(new Event("rejected " + reason, request, false));
    }

    @Override
    public void evicted(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        EvictReason reason,
        long waitedNanos) {
      events.add(new Event(reason.toString(), request, false));
    }

    @Override
    public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
      throw new AssertionError(plugin + " failed", cause);
    }
  }
}
