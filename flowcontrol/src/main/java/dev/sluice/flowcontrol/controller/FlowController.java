package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.EvictReason;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;
import dev.sluice.flowcontrol.types.QueueOutcome;
import dev.sluice.flowcontrol.types.Usage;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides if and when each request goes to the pool: the library's entry.
 *
 * <p>Thread-safe. It has no thread of its own but a virtual one that sleeps until the next
 * deadline: a caller takes the lock, offers its request and dispatches what may go, and so does
 * whoever frees capacity. Who finds the lock taken leaves the operation to the thread that has it,
 * and goes on. Waiters are woken, callbacks and observers are called after the lock is released, by
 * the thread that decided; a callback that calls back is served when the present one has returned,
 * so chains of them need no stack. No caller decides much more than 256 effects at a stretch,
 * except one that shuts down: the rest is left to the thread that sleeps.
 *
 * <pre>{@code
 * try (var controller = FlowController.create(FlowControlConfig.defaults())) {
 *   controller.poolChanged(PoolSnapshot.of("server-1"));
 *   var request = FlowControlRequest.builder("r1", new FlowKey("tenant", 0)).build();
 *   if (controller.enqueueAndWait(request) instanceof Admission.Dispatched go) {
 *     try (var permit = go.permit()) {
 *       // call the model server
 *     }
 *   }
 * }
 * }</pre>
 */
public final class FlowController implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(FlowController.class);

  /** Fair: the thread that works off a mass of effects may not take it past those who wait. */
  private final ReentrantLock lock = new ReentrantLock(true);

  @GuardedBy("lock")
  private final Core core;

  private final Intake intake;
  private final TimeSource time;
  private final EngineObserver[] observers;
  private final TimeSource.Alarm alarm;

  /**
   * Effects to use again: taken under the lock, put back after it. Where two put theirs back at
   * once, one is left to the collector; so nothing stronger than acquire and release is needed.
   */
  private final AtomicReference<@Nullable Effects> spareEffects = new AtomicReference<>();

  private final ThreadLocal<Deliveries> deliveries = ThreadLocal.withInitial(Deliveries::new);
  private final CompletableFuture<Void> drained = new CompletableFuture<>();

  /** One operation in so many is timed, for observers that asked; 0 for none. */
  private final int timedOneIn;

  @GuardedBy("lock")
  private int untilTimed;

  private final Object alarmMonitor = new Object();

  @GuardedBy("alarmMonitor")
  private long alarmNanos;

  private volatile boolean closed;
  private volatile boolean alarmSet;
  private volatile long alarmHintNanos;

  private FlowController(Builder builder) {
    time = builder.time;
    observers = builder.observers.toArray(EngineObserver[]::new);
    timedOneIn =
        Arrays.stream(observers)
            .mapToInt(EngineObserver::timedOneIn)
            .filter(oneIn -> oneIn > 0)
            .min()
            .orElse(0);
    intake = new Intake(builder.shards);
    core = new Core(builder.config, time.nanoTime());
    alarm = time.newAlarm(this::onAlarm);
  }

  /**
   * A controller on the system's clock. Its pool is empty until {@link #poolChanged} says
   * otherwise.
   */
  public static FlowController create(FlowControlConfig config) {
    return builder(config).build();
  }

  /** Starts a controller with a clock or observers of one's own. */
  public static Builder builder(FlowControlConfig config) {
    return new Builder(config);
  }

  /**
   * Offers a request and waits for its outcome; made for virtual threads.
   *
   * @throws InterruptedException if interrupted; then the request has left its queue, or its
   *     permit, if it had been given one, has been returned
   */
  public Admission enqueueAndWait(FlowControlRequest request) throws InterruptedException {
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    var pending = PendingRequest.of(this, request, Thread.currentThread());
    submit(pending, pending);
    var interrupted = false;
    var outcome = pending.outcome();
    while (outcome == null) {
      LockSupport.park(this);
      if (Thread.interrupted()) {
        interrupted = true;
        cancel(pending);
      }
      outcome = pending.outcome();
    }
    if (interrupted) {
      giveBack(outcome);
      throw new InterruptedException();
    }
    return outcome;
  }

  /**
   * Offers a request without blocking. {@code whenDecided} gets its outcome exactly once, on
   * whichever thread decided, possibly before this returns. It should be short: hand the outcome to
   * an event loop of your own. What it throws is logged.
   */
  public PendingAdmission enqueue(
      FlowControlRequest request, Consumer<? super Admission> whenDecided) {
    var pending = PendingRequest.of(this, request, whenDecided);
    submit(pending, pending);
    return pending;
  }

  /**
   * Offers a request without blocking. Cancelling the future takes the request out of its queue;
   * where its outcome was already on the way, a permit in it is returned.
   */
  public CompletableFuture<Admission> enqueue(FlowControlRequest request) {
    var future = new AdmissionFuture();
    future.pending(enqueue(request, future::deliver));
    return future;
  }

  /**
   * Takes over a new picture of the pool, and dispatches what has room now; where that is much, the
   * rest soon after.
   */
  public void poolChanged(PoolSnapshot snapshot) {
    control(new Operation.PoolChanged(snapshot));
  }

  /**
   * Takes over a new configuration. Nothing queued is lost: a limit that is lower than what is
   * queued drains, new policies take over the queued requests in the order of their arrival.
   */
  public void reconfigure(FlowControlConfig config) {
    control(new Operation.Reconfigure(config));
  }

  /** Bands, flows and counts at one moment. O(flows), under the lock: for people and scrapes. */
  public RegistryView view() {
    var now = time.nanoTime();
    Effects effects;
    RegistryView view;
    lock.lock();
    try {
      effects = take();
      view = core.view(now, effects);
    } finally {
      lock.unlock();
    }
    finish(effects);
    return view;
  }

  /**
   * Refuses new requests from now on, and what is still queued when {@code drain} is over. The
   * future completes when nothing is queued and nothing runs, at the latest when the drain is over.
   * Running requests keep their permits. Calling it again can only shorten the drain.
   */
  public CompletableFuture<Void> shutdown(Duration drain) {
    controlToTheEnd(new Operation.Shutdown(Math.max(0, drain.toNanos())));
    return drained.copy();
  }

  /** Shuts down at once: what is queued is evicted before this returns. Idempotent. */
  @Override
  public void close() {
    controlToTheEnd(new Operation.Shutdown(0));
    alarm.close();
    closed = true;
    controlToTheEnd(Operation.Tick.INSTANCE); // what was left to the alarm in between
  }

  /**
   * Throws {@link AssertionError} where an invariant of the engine does not hold. For tests; slow.
   */
  void checkInvariants() {
    lock.lock();
    try {
      core.checkInvariants();
    } finally {
      lock.unlock();
    }
  }

  boolean cancel(PendingRequest pending) {
    var wasOpen = pending.outcome() == null;
    control(new Operation.Cancel(pending));
    return wasOpen
        && pending.outcome() instanceof Admission.Evicted evicted
        && evicted.reason() == EvictReason.CANCELLED;
  }

  /** Lets an operation of a request happen: at once, or, while another thread decides, by it. */
  void submit(PendingRequest request, Operation operation) {
    var now = time.nanoTime();
    if (!tryLock()) {
      publish(request, operation, now);
      return;
    }
    Effects effects;
    try {
      effects = begin(now);
      apply(operation, now, effects);
      end(effects);
    } finally {
      lock.unlock();
    }
    finish(effects);
  }

  /** As {@link #submit}, of the return of a permit. */
  void complete(PendingRequest request, @Nullable Usage usage) {
    var now = time.nanoTime();
    if (!tryLock()) {
      publish(request, new Operation.Complete(request, usage), now);
      return;
    }
    Effects effects;
    try {
      effects = begin(now);
      core.complete(request, usage);
      end(effects);
    } finally {
      lock.unlock();
    }
    finish(effects);
  }

  /** Lets an operation happen before this returns, after all that were published before it. */
  private void control(Operation operation) {
    if (decide(operation)) {
      later();
    }
  }

  /** As {@link #control}, and all that follows from it, however much that is. */
  private void controlToTheEnd(Operation operation) {
    var next = operation;
    while (decide(next)) {
      next = Operation.Tick.INSTANCE;
    }
  }

  /** Lets an operation happen. True if there is more to do than one thread should at a stretch. */
  private boolean decide(Operation operation) {
    var now = time.nanoTime();
    while (true) {
      boolean applied;
      Effects effects;
      lock.lock();
      try {
        effects = begin(now);
        applied = intake.isEmptyUntil(now);
        if (applied) {
          apply(operation, now, effects);
        }
        end(effects);
      } finally {
        lock.unlock();
      }
      var more = help(effects);
      carryOut(effects);
      if (applied) {
        return more;
      }
    }
  }

  /**
   * Whether this thread has the lock now. It is left to those who wait for it: they will apply what
   * is published, and must not starve.
   */
  private boolean tryLock() {
    return !lock.hasQueuedThreads() && lock.tryLock();
  }

  /** Leaves an operation to whoever has the lock; that may be this thread after all. */
  private void publish(PendingRequest request, Operation operation, long now) {
    intake.publish(request, operation, now);
    if (!tryLock()) {
      return;
    }
    Effects effects;
    try {
      effects = begin(now);
      end(effects);
    } finally {
      lock.unlock();
    }
    finish(effects);
  }

  private void finish(Effects effects) {
    var more = help(effects);
    carryOut(effects);
    if (more) {
      later();
    }
  }

  /**
   * Decides what was published while this thread had the lock: whoever published it has gone. Not
   * more than one thread should, though; true if something is left. Comes before the effects are
   * carried out, for that may take long.
   */
  private boolean help(Effects effects) {
    while (!effects.isFull() && !intake.isEmpty()) {
      if (!tryLock()) {
        return false;
      }
      try {
        begin(time.nanoTime(), effects);
        end(effects);
      } finally {
        lock.unlock();
      }
    }
    return effects.isUnfinished() || !intake.isEmpty();
  }

  /** Leaves the rest to the alarm's thread, so that no caller pays for others. */
  private void later() {
    if (closed) {
      controlToTheEnd(Operation.Tick.INSTANCE);
    } else {
      setAlarm(time.nanoTime());
    }
  }

  @GuardedBy("lock")
  private Effects take() {
    var spare = spareEffects.getAcquire();
    spareEffects.setPlain(null);
    return spare == null ? new Effects() : spare;
  }

  @GuardedBy("lock")
  private Effects begin(long now) {
    var effects = take();
    begin(now, effects);
    return effects;
  }

  /** Begins a round, timed one time in so many, and applies what is published. */
  @GuardedBy("lock")
  private void begin(long now, Effects effects) {
    assert lock.isHeldByCurrentThread();
    if (timedOneIn != 0 && --untilTimed <= 0 && !effects.isTimed()) {
      untilTimed = timedOneIn;
      effects.startTiming(time.nanoTime());
    }
    core.begin(now, effects);
    while (!effects.isFull()) {
      var published = intake.poll();
      if (published == null) {
        break;
      }
      apply(published.operation(), published.sinceNanos(), effects);
    }
  }

  @GuardedBy("lock")
  private void apply(Operation operation, long sinceNanos, Effects effects) {
    effects.applying(operation, sinceNanos);
    core.apply(operation, sinceNanos);
  }

  @GuardedBy("lock")
  private void end(Effects effects) {
    assert lock.isHeldByCurrentThread();
    core.end();
    if (effects.isBeingTimed()) {
      effects.stopTiming(time.nanoTime());
    }
  }

  private void tellTimes(Effects effects) {
    var offer = effects.timedOffer();
    var outcome = offer == null ? null : outcome(offer, effects);
    var decidedAtNanos = effects.decidedAtNanos();
    for (var observer : observers) {
      try {
        observer.decided(decidedAtNanos - effects.lockedAtNanos());
        if (offer != null && outcome != null) {
          var tookNanos = decidedAtNanos - effects.timedOfferSinceNanos();
          observer.offered(offer.request(), outcome, tookNanos);
        }
      } catch (RuntimeException e) {
        LOG.warn("Observer {} failed at a timing", observer, e);
      }
    }
  }

  /** What has become of a request so far, by the effects of its offer. */
  private static @Nullable QueueOutcome outcome(PendingRequest offer, Effects effects) {
    for (var i = effects.size() - 1; i >= 0; i--) {
      if (effects.subject(i) == offer) {
        return switch (effects.kind(i)) {
          case QUEUED -> QueueOutcome.NOT_YET_FINALIZED;
          case REJECTED, EVICTED -> effects.admission(i).outcome();
          case DISPATCHED, DISPATCHED_AT_ONCE, DISPATCHED_RESERVED, RETURNED, RECLAIMED ->
              QueueOutcome.DISPATCHED;
          case POOL_CHANGED, RECONFIGURED, FLOW_COLLECTED, FAULT -> null;
        };
      }
    }
    return null;
  }

  private void carryOut(Effects effects) {
    setAlarm(effects.nextTimerNanos());
    if (effects.isTimed()) {
      tellTimes(effects);
    }
    for (var i = 0; i < effects.size(); i++) {
      for (var observer : observers) {
        try {
          tell(observer, effects, i);
        } catch (RuntimeException e) {
          LOG.warn("Observer {} failed at {}", observer, effects.kind(i), e);
        }
      }
      deliver(effects, i);
    }
    if (effects.isDrained()) {
      drained.complete(null);
    }
    effects.clear();
    spareEffects.setRelease(effects);
  }

  private void deliver(Effects effects, int i) {
    switch (effects.kind(i)) {
      case DISPATCHED, DISPATCHED_AT_ONCE, DISPATCHED_RESERVED -> {
        var request = effects.request(i);
        var waited = effects.nanos(i) - request.enqueuedAtNanos();
        deliver(
            request,
            new Admission.Dispatched(
                request, waited == 0 ? Duration.ZERO : Duration.ofNanos(waited)));
      }
      case REJECTED, EVICTED -> deliver(effects.request(i), effects.admission(i));
      case FAULT -> {
        if (effects.detail(i) instanceof Throwable cause) {
          LOG.warn(
              "Plugin {} failed; the engine goes on without its answer", effects.subject(i), cause);
        }
      }
      case RECLAIMED ->
          LOG.warn(
              "A permit of {} was not returned in time and has been taken back",
              effects.request(i).request());
      case QUEUED, RETURNED, POOL_CHANGED, RECONFIGURED, FLOW_COLLECTED -> {}
    }
  }

  private void deliver(PendingRequest request, Admission outcome) {
    request.publish(outcome);
    var whenDecided = request.whenDecided();
    if (whenDecided != null) {
      deliveries.get().deliver(whenDecided, outcome);
    }
  }

  private static void tell(EngineObserver observer, Effects effects, int i) {
    var sequence = effects.sequence(i);
    var now = effects.nanos(i);
    switch (effects.kind(i)) {
      case QUEUED -> observer.queued(sequence, now, effects.request(i).request());
      case DISPATCHED, DISPATCHED_AT_ONCE, DISPATCHED_RESERVED -> {
        var request = effects.request(i);
        observer.dispatched(
            sequence,
            now,
            request.request(),
            now - request.enqueuedAtNanos(),
            effects.kind(i) != Effects.Kind.DISPATCHED_AT_ONCE,
            effects.kind(i) == Effects.Kind.DISPATCHED_RESERVED);
      }
      case REJECTED -> {
        if (effects.detail(i) instanceof Admission.Rejected rejected) {
          observer.rejected(sequence, now, effects.request(i).request(), rejected.reason());
        }
      }
      case EVICTED -> {
        if (effects.detail(i) instanceof Admission.Evicted evicted) {
          observer.evicted(
              sequence,
              now,
              effects.request(i).request(),
              evicted.reason(),
              evicted.waited().toNanos());
        }
      }
      case RETURNED, RECLAIMED -> {
        var request = effects.request(i);
        if (effects.detail(i) instanceof Usage usage) {
          observer.returned(
              sequence,
              now,
              request.request(),
              usage,
              now - request.dispatchedAtNanos(),
              effects.kind(i) == Effects.Kind.RECLAIMED);
        }
      }
      case POOL_CHANGED -> {
        if (effects.detail(i) instanceof Double saturation) {
          observer.poolChanged(sequence, now, saturation);
        }
      }
      case RECONFIGURED -> observer.reconfigured(sequence, now);
      case FLOW_COLLECTED -> {
        if (effects.detail(i) instanceof FlowKey flow) {
          observer.flowCollected(sequence, now, flow);
        }
      }
      case FAULT -> {
        if (effects.subject(i) instanceof String plugin
            && effects.detail(i) instanceof Throwable cause) {
          observer.fault(sequence, now, plugin, cause);
        }
      }
    }
  }

  /**
   * Makes sure that the alarm fires at {@code nextNanos} or before. A late one is left to fire
   * early.
   */
  private void setAlarm(long nextNanos) {
    if (nextNanos == QueuedRequest.NEVER || (alarmSet && nextNanos - alarmHintNanos >= 0)) {
      return;
    }
    synchronized (alarmMonitor) {
      if (!alarmSet || nextNanos - alarmNanos < 0) {
        alarmNanos = nextNanos;
        alarmHintNanos = nextNanos;
        alarmSet = true;
        alarm.set(nextNanos);
      }
    }
  }

  private void onAlarm() {
    synchronized (alarmMonitor) {
      alarmSet = false;
    }
    controlToTheEnd(Operation.Tick.INSTANCE);
  }

  private static void giveBack(Admission outcome) {
    if (outcome instanceof Admission.Dispatched dispatched) {
      dispatched.permit().complete(Usage.NONE);
    }
  }

  /** Runs callbacks one after another, also those that a callback brings about. One per thread. */
  private static final class Deliveries {
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private boolean delivering;

    void deliver(Consumer<? super Admission> whenDecided, Admission outcome) {
      if (delivering) {
        waiting.add(() -> accept(whenDecided, outcome));
        return;
      }
      delivering = true;
      try {
        accept(whenDecided, outcome);
        for (var next = waiting.poll(); next != null; next = waiting.poll()) {
          next.run();
        }
      } finally {
        delivering = false;
      }
    }

    private static void accept(Consumer<? super Admission> whenDecided, Admission outcome) {
      try {
        whenDecided.accept(outcome);
      } catch (RuntimeException e) {
        LOG.error("The receiver of {} failed", outcome, e);
      }
    }
  }

  /** The outcome of a request as a future; cancelling it gives the request up. */
  private static final class AdmissionFuture extends CompletableFuture<Admission> {
    private volatile @Nullable PendingAdmission pending;

    void pending(PendingAdmission itsPending) {
      pending = itsPending;
    }

    void deliver(Admission outcome) {
      if (!complete(outcome)) {
        giveBack(outcome);
      }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      var cancelled = super.cancel(mayInterruptIfRunning);
      var ours = pending;
      if (cancelled && ours != null) {
        ours.cancel();
      }
      return cancelled;
    }
  }

  /** Collects what a controller is made of. Not thread-safe. */
  public static final class Builder {
    private static final int MOST_SHARDS = 64;

    private final FlowControlConfig config;
    private final List<EngineObserver> observers = new ArrayList<>();
    private TimeSource time = SystemTime.INSTANCE;
    private int shards = 1;

    private Builder(FlowControlConfig config) {
      this.config = config;
    }

    /** The clock; the system's unless set. */
    public Builder timeSource(TimeSource source) {
      this.time = source;
      return this;
    }

    /**
     * Over how many stripes callers spread what they leave to the thread that decides; 1 unless
     * set, 1 to 64 allowed. Decisions do not depend on it. Worth a try above 8 cores.
     */
    public Builder shards(int stripes) {
      if (stripes < 1 || stripes > MOST_SHARDS) {
        throw new IllegalArgumentException(
            "shards: got " + stripes + ", allowed 1 to " + MOST_SHARDS);
      }
      this.shards = stripes;
      return this;
    }

    /** Adds an observer of the engine's decisions. */
    public Builder observer(EngineObserver observer) {
      observers.add(observer);
      return this;
    }

    /** The finished controller. */
    public FlowController build() {
      return new FlowController(this);
    }
  }
}
