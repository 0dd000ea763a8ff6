package dev.sluice.flowcontrol.model;

import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.RegistryView;
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
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * The real engine, driven by {@link Command}s through its public interface, in one thread and on a
 * clock that stands still. The decisions are taken from the engine's events and compared with the
 * outcomes that callers got. Both must agree, and each caller must get one outcome.
 */
final class EngineUnderTest implements AutoCloseable {
  private final FakeClock clock;
  private final FlowController engine;
  private final Map<Integer, PendingAdmission> pending = new HashMap<>();
  private final Map<Integer, Permit> permits = new HashMap<>();
  private final Map<Integer, Long> offeredAt = new HashMap<>();
  private final Map<Integer, Decision> told = new HashMap<>();
  private final Map<Integer, Decision> decided = new HashMap<>();
  private final List<Decision> events = new ArrayList<>();
  private final List<String> faults = new ArrayList<>();
  private CompletableFuture<Void> drained = new CompletableFuture<>();
  private long lastSequence;

  EngineUnderTest(Knobs knobs, FakeClock clock) {
    this.clock = clock;
    engine =
        FlowController.builder(Translation.config(knobs))
            .timeSource(clock)
            .observer(new Recorder())
            .build();
  }

  /** Carries out a command, and returns the decisions that it led to, in the engine's order. */
  List<Decision> apply(Command command, FlowControlRequest request) {
    events.clear();
    if (command instanceof Command.Offer o) {
      offeredAt.put(o.number(), clock.nanoTime());
      pending.put(o.number(), engine.enqueue(request, admission -> told(o.number(), admission)));
    } else if (command instanceof Command.Cancel c) {
      var queued = pending.get(c.number());
      if (queued != null) {
        var open = !told.containsKey(c.number());
        var said = queued.cancel();
        var told = this.told.get(c.number());
        if (said != (open && told != null && told.reason().equals("CANCELLED"))) {
          faults.add(
              "cancel of " + c.number() + " said " + said + ", and its caller was told " + told);
        }
      }
    } else if (command instanceof Command.Advance a) {
      clock.advance(Ticks.duration(a.ticks()));
    } else if (command instanceof Command.Lag l) {
      clock.lag(Ticks.duration(l.ticks()));
      return List.of();
    } else if (command instanceof Command.Complete c) {
      var permit = permits.get(c.number());
      if (permit != null) {
        permit.complete(Usage.of(c.inputTokens(), c.outputTokens()));
      }
    } else if (command instanceof Command.Close c) {
      var permit = permits.get(c.number());
      if (permit != null) {
        permit.close();
      }
    } else if (command instanceof Command.Progress p) {
      var permit = permits.get(p.number());
      if (permit != null) {
        permit.progress(Usage.of(p.inputTokens(), p.outputTokens()));
      }
    } else if (command instanceof Command.Bind b) {
      var permit = permits.get(b.number());
      if (permit != null) {
        permit.bind(b.endpoint());
      }
    } else if (command instanceof Command.Pool p) {
      engine.poolChanged(Translation.pool(p.endpoints()));
    } else if (command instanceof Command.Reconfigure r) {
      engine.reconfigure(Translation.config(r.knobs()));
    } else if (command instanceof Command.Shutdown s) {
      drained = engine.shutdown(Ticks.duration(s.drainTicks()));
    }
    clock.settle();
    return List.copyOf(events);
  }

  RegistryView view() {
    return engine.view();
  }

  /** The violated invariants of the engine; empty if there are none. */
  List<String> faults() {
    var all = new ArrayList<>(faults);
    if (!told.equals(decided)) {
      all.add("callers were told " + minus(told, decided) + ", observers " + minus(decided, told));
    }
    try {
      EngineInvariants.check(engine);
    } catch (AssertionError | RuntimeException e) {
      all.add("its own check failed: " + e);
    }
    return all;
  }

  /** Whether the engine was shut down and reports that nothing is left. */
  boolean isDrained() {
    return drained.isDone();
  }

  @Override
  public void close() {
    engine.close();
    clock.settle();
  }

  private static Map<Integer, Decision> minus(
      Map<Integer, Decision> from, Map<Integer, Decision> what) {
    var left = new HashMap<>(from);
    left.entrySet().removeAll(what.entrySet());
    return left;
  }

  private Decision decision(int number, Admission admission) {
    if (admission instanceof Admission.Dispatched dispatched) {
      permits.put(number, dispatched.permit());
      return new Decision(Decision.Kind.DISPATCHED, number, "");
    }
    return admission instanceof Admission.Rejected rejected
        ? new Decision(Decision.Kind.REJECTED, number, rejected.reason().name())
        : new Decision(
            Decision.Kind.EVICTED, number, ((Admission.Evicted) admission).reason().name());
  }

  private void told(int number, Admission admission) {
    var decision = decision(number, admission);
    var before = told.put(number, decision);
    if (before != null) {
      faults.add("caller of " + number + " was told " + before + ", then " + decision);
    }
    var waited = clock.nanoTime() - offeredAt.getOrDefault(number, 0L);
    if (admission.waited().toNanos() != waited) {
      faults.add(decision + ": waited " + waited + " ns, was told " + admission.waited().toNanos());
    }
    if (admission instanceof Admission.Rejected r && r.detail().isBlank()
        || admission instanceof Admission.Evicted e && e.detail().isBlank()) {
      faults.add(decision + " without a word of explanation");
    }
  }

  /** Writes down the engine's events. */
  private final class Recorder implements EngineObserver {

    private void event(
        long sequence, FlowControlRequest request, Decision.Kind kind, String reason) {
      numbered(sequence);
      var number = Integer.parseInt(request.id());
      events.add(new Decision(kind, number, reason));
      switch (kind) {
        case QUEUED, RETURNED -> {}
        case DISPATCHED -> decided.put(number, new Decision(kind, number, ""));
        case REJECTED, EVICTED -> decided.put(number, new Decision(kind, number, reason));
      }
    }

    private void numbered(long sequence) {
      if (sequence != ++lastSequence) {
        faults.add(
            "event " + sequence + " came where " + lastSequence + " was due, after " + events);
        lastSequence = sequence;
      }
    }

    @Override
    public void queued(long sequence, long nowNanos, FlowControlRequest request) {
      event(sequence, request, Decision.Kind.QUEUED, "");
    }

    @Override
    public void dispatched(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        long waitedNanos,
        boolean fromQueue,
        boolean reservedTurn) {
      var how = !fromQueue ? "at once" : reservedTurn ? "reserved" : "queued";
      event(sequence, request, Decision.Kind.DISPATCHED, how);
    }

    @Override
    public void rejected(
        long sequence, long nowNanos, FlowControlRequest request, RejectReason reason) {
      event(sequence, request, Decision.Kind.REJECTED, reason.name());
    }

    @Override
    public void evicted(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        EvictReason reason,
        long waitedNanos) {
      event(sequence, request, Decision.Kind.EVICTED, reason.name());
    }

    @Override
    public void returned(
        long sequence,
        long nowNanos,
        FlowControlRequest request,
        Usage usage,
        long ranNanos,
        boolean reclaimed) {
      event(sequence, request, Decision.Kind.RETURNED, reclaimed ? "reclaimed" : "");
    }

    @Override
    public void poolChanged(long sequence, long nowNanos, double saturation) {
      numbered(sequence);
    }

    @Override
    public void reconfigured(long sequence, long nowNanos) {
      numbered(sequence);
    }

    @Override
    public void flowCollected(long sequence, long nowNanos, FlowKey flow) {
      numbered(sequence);
    }

    @Override
    public void fault(long sequence, long nowNanos, String plugin, Throwable cause) {
      numbered(sequence);
      faults.add("plugin " + plugin + " threw " + cause);
    }
  }
}
