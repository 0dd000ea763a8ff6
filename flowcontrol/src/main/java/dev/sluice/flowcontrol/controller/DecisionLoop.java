package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver.Source;
import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.engine.Core;
import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.engine.ViewInSlices;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.Usage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Brings operations to the core, one thread at a time, and has what was decided carried out. There
 * is no thread of its own but the alarm's: callers decide.
 *
 * <p>If a caller with an offer or a returned permit finds the lock taken, it leaves its operation
 * in the {@link Intake} for the thread that holds the lock, and returns. Other callers wait for the
 * lock. How no operation is forgotten:
 *
 * <pre>
 * T1 holds the lock                        T2 has an operation
 *                                          tryLock fails
 * applies what is in the intake            publishes the operation
 * unlocks                                  tryLock again: if it succeeds, T2 decides
 * looks into the intake again (help)       if not, T1 or a later holder has yet to look
 * </pre>
 *
 * The lock's state and the intake's flag are volatile, so T1 sees what T2 published, or T2 sees
 * that the lock is free.
 *
 * <p>A caller stops after about {@link dev.sluice.flowcontrol.engine.Effects#LIMIT} effects, and
 * leaves what remains to the alarm's thread. Only a shutdown goes on to the end. If the intake is
 * long, a caller that publishes waits for the lock, so that the intake does not grow faster than it
 * is applied. No holder of the lock waits for a caller, so this wait ends.
 *
 * <p>An exception of the core reaches the caller whose operation threw it, and no other: the lock
 * is released, and what was decided before is delivered. What an operation from the intake throws,
 * or the passing of time, is reported to the observers.
 *
 * <p>This class is long because everything that happens under the lock begins here.
 */
final class DecisionLoop implements PendingRequest.Shell {

  /** Fair: the thread that works off a mass of effects may not take it past those that wait. */
  private final ReentrantLock lock = new ReentrantLock(true);

  @GuardedBy("lock")
  private final Core core;

  private final Intake intake;
  private final TimeSource time;
  private final Delivery delivery;
  private final EngineAlarm alarm;

  /**
   * A batch to use again: taken under the lock, put back after it. If two threads put theirs back
   * at once, one is left to the collector, so acquire and release are enough.
   */
  private final AtomicReference<@Nullable Batch> spareBatch = new AtomicReference<>();

  /** One round in so many is timed, for observers that asked; 0 for none. */
  private final int timedOneIn;

  @GuardedBy("lock")
  private int untilTimed;

  private volatile boolean closed;

  DecisionLoop(FlowControlConfig config, TimeSource time, Intake intake, Observers observers) {
    this.time = time;
    this.intake = intake;
    delivery = new Delivery(observers);
    timedOneIn = observers.timedOneIn();
    core = new Core(config, time.nanoTime());
    alarm =
        new EngineAlarm(
            time,
            () -> controlToTheEnd(Operation.Tick.INSTANCE),
            thrown -> observers.failed(Source.ALARM, thrown));
  }

  Delivery delivery() {
    return delivery;
  }

  // Operations of a request: by this thread if it gets the lock, else by the thread that has it

  @Override
  public void submit(PendingRequest request, Operation operation) {
    var now = time.nanoTime();
    if (!tryLock()) {
      publish(request, operation, now);
      return;
    }
    var batch = begin(now);
    try {
      apply(operation, now, batch);
    } finally {
      end(batch);
      finish(batch);
    }
  }

  /** As {@link #submit} of an {@link Operation.Complete}, without an object for it. */
  @Override
  public void complete(PendingRequest request, @Nullable Usage usage) {
    var now = time.nanoTime();
    if (!tryLock()) {
      publish(request, new Operation.Complete(request, usage), now);
      return;
    }
    var batch = begin(now);
    try {
      core.complete(request, usage);
    } finally {
      end(batch);
      finish(batch);
    }
  }

  @Override
  public boolean cancel(PendingRequest request) {
    var wasOpen = request.outcome() == null;
    control(new Operation.Cancel(request));
    return wasOpen
        && request.outcome() instanceof Admission.Evicted evicted
        && evicted.reason() == EvictReason.CANCELLED;
  }

  /** Gives a request up that its caller will hear no more of, wherever it is. */
  void giveUp(PendingRequest request) {
    cancel(request);
    complete(request, Usage.NONE);
  }

  private void publish(PendingRequest request, Operation operation, long now) {
    intake.publish(request, operation, now);
    if (intake.isLong()) {
      lock.lock();
    } else if (!tryLock()) {
      return;
    }
    var batch = begin(now);
    end(batch);
    finish(batch);
  }

  // Operations that happen before the call returns, after all that were published before

  void control(Operation operation) {
    if (decide(operation)) {
      leaveRest();
    }
  }

  /** As {@link #control}, and all that follows from the operation, however much that is. */
  void controlToTheEnd(Operation operation) {
    var next = operation;
    while (decide(next)) {
      next = Operation.Tick.INSTANCE;
    }
  }

  /** Lets an operation happen. True if more is left than one thread should do at a stretch. */
  private boolean decide(Operation operation) {
    var now = time.nanoTime();
    while (true) {
      boolean applied;
      lock.lock();
      var batch = begin(now);
      try {
        applied = intake.isEmptyUntil(now);
        if (applied) {
          apply(operation, now, batch);
        }
      } catch (Throwable thrown) {
        end(batch);
        finish(batch);
        throw thrown;
      }
      end(batch);
      var more = help(batch);
      carryOut(batch);
      if (applied) {
        return more;
      }
    }
  }

  RegistryView view() {
    var now = time.nanoTime();
    ViewInSlices view = null;
    do {
      Batch batch;
      lock.lock();
      try {
        batch = takeBatch();
        view = core.view(view, now, batch.effects());
      } finally {
        lock.unlock();
      }
      finish(batch);
    } while (!view.isComplete());
    return view.finish();
  }

  // Callers inside a receiver of an outcome

  /** Whether this thread is inside a receiver. Then nothing that it waits for may be its own. */
  boolean isInReceiver() {
    return delivery.isInReceiver();
  }

  /**
   * Decides what was left to others, and delivers what the receiver in which this thread is has
   * brought about: after that, waiting for an outcome that is still open could last for ever.
   */
  void deliverInReceiver() {
    control(Operation.Tick.INSTANCE);
    delivery.callWaiting();
  }

  void checkInvariants() {
    lock.lock();
    try {
      core.checkInvariants();
    } finally {
      lock.unlock();
    }
  }

  /** Shuts down at once. */
  void close() {
    try {
      controlToTheEnd(new Operation.Shutdown(0));
    } finally {
      alarm.close();
      closed = true;
      controlToTheEnd(Operation.Tick.INSTANCE); // what was left to the alarm in between
    }
  }

  // One hold of the lock: begin takes over from lock(), end unlocks

  /**
   * True if this thread has the lock now. Threads that wait for it go first: they must not starve.
   */
  private boolean tryLock() {
    return !lock.hasQueuedThreads() && lock.tryLock();
  }

  @GuardedBy("lock")
  private Batch begin(long now) {
    var batch = takeBatch();
    begin(now, batch);
    return batch;
  }

  /** Begins a round and applies what is published. What fails there is not this thread's fault. */
  @GuardedBy("lock")
  private void begin(long now, Batch batch) {
    assert lock.isHeldByCurrentThread();
    if (timedOneIn != 0 && --untilTimed <= 0 && !batch.isTimed()) {
      untilTimed = timedOneIn;
      batch.startTiming(time.nanoTime());
    }
    try {
      core.begin(now, batch.effects());
    } catch (Throwable thrown) {
      batch.timeFailed(thrown);
    }
    while (!batch.isFull()) {
      var published = intake.poll();
      if (published == null) {
        break;
      }
      applyPublished(published, batch);
    }
  }

  @GuardedBy("lock")
  private void applyPublished(Intake.Entry published, Batch batch) {
    try {
      apply(published.operation(), published.sinceNanos(), batch);
    } catch (Throwable thrown) {
      batch.failed(thrown);
      core.abandon(published.operation());
    }
  }

  @GuardedBy("lock")
  private void apply(Operation operation, long sinceNanos, Batch batch) {
    batch.applying(operation, sinceNanos);
    core.apply(operation, sinceNanos);
  }

  /** Ends a round and unlocks. */
  @GuardedBy("lock")
  private void end(Batch batch) {
    assert lock.isHeldByCurrentThread();
    try {
      core.end();
      if (batch.isBeingTimed()) {
        batch.stopTiming(time.nanoTime());
      }
    } catch (Throwable thrown) {
      batch.timeFailed(thrown);
    } finally {
      lock.unlock();
    }
  }

  @GuardedBy("lock")
  private Batch takeBatch() {
    var spare = spareBatch.getAcquire();
    spareBatch.setPlain(null);
    return spare == null ? new Batch() : spare;
  }

  // After the lock

  private void finish(Batch batch) {
    var more = help(batch);
    carryOut(batch);
    if (more) {
      leaveRest();
    }
  }

  /**
   * Decides what was published while this thread had the lock, because the callers that published
   * it have gone on; but not more than one thread should. This comes before the effects are carried
   * out, because that may take long.
   *
   * @return whether something is left
   */
  private boolean help(Batch batch) {
    while (!batch.isFull() && !intake.isEmpty()) {
      if (!tryLock()) {
        return false;
      }
      begin(time.nanoTime(), batch);
      end(batch);
    }
    return batch.effects().isUnfinished() || !intake.isEmpty();
  }

  private void carryOut(Batch batch) {
    alarm.setBy(
        batch.hasTimeFailed()
            ? time.nanoTime() + EngineAlarm.RETRY_NANOS
            : batch.effects().nextTimerNanos());
    delivery.carryOut(batch);
    batch.clear();
    spareBatch.setRelease(batch);
  }

  /** Leaves what is not decided yet to the alarm's thread, so that no caller pays for others. */
  private void leaveRest() {
    if (closed) {
      controlToTheEnd(Operation.Tick.INSTANCE);
    } else {
      alarm.setBy(time.nanoTime());
    }
  }
}
