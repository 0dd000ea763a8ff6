package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.config.FlowControlConfig;
import dev.sluice.flowcontrol.contracts.EngineObserver;
import dev.sluice.flowcontrol.contracts.PoolSnapshot;
import dev.sluice.flowcontrol.contracts.RegistryView;
import dev.sluice.flowcontrol.contracts.TimeSource;
import dev.sluice.flowcontrol.engine.Operation;
import dev.sluice.flowcontrol.engine.PendingRequest;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.QueueOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Decides if and when each request goes to the pool: the library's entry.
 *
 * <p>Thread-safe. It has no thread of its own but a virtual one that sleeps until the next
 * deadline: a caller takes the lock, offers its request and dispatches what may go, and so does the
 * caller that frees capacity. If the lock is taken, the caller leaves its operation to the thread
 * that holds the lock, and goes on. Waiting threads are woken, callbacks and observers are called
 * after the lock is released, by the thread that decided. If a callback calls the controller, the
 * outcomes that it brings about are delivered after it has returned, so a chain of them needs no
 * stack. No caller decides much more than 256 effects at a stretch, except one that shuts down: the
 * rest is left to the thread that sleeps.
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
  private static final Duration LONGEST_DRAIN = Duration.ofNanos(Long.MAX_VALUE / 4);

  private final DecisionLoop loop;

  private FlowController(Builder builder) {
    loop =
        new DecisionLoop(
            builder.config,
            builder.time,
            new Intake(builder.shards),
            new Observers(builder.observers));
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
   * @throws InterruptedException if the thread is interrupted. Then the request has left its queue;
   *     if it had been given a permit, the permit has been returned.
   * @throws IllegalStateException if the request would have to wait, and the call comes from a
   *     receiver of an outcome: the thread that delivers outcomes would wait for itself. Then the
   *     request has left its queue.
   */
  public Admission enqueueAndWait(FlowControlRequest request) throws InterruptedException {
    Objects.requireNonNull(request, "request");
    if (Thread.interrupted()) {
      throw new InterruptedException();
    }
    var pending = PendingRequest.of(loop, request, Thread.currentThread());
    offer(pending);
    var outcome = pending.outcome();
    return outcome == null ? await(pending) : outcome;
  }

  private Admission await(PendingRequest pending) throws InterruptedException {
    var inReceiver = loop.isInReceiver();
    if (inReceiver) {
      loop.deliverInReceiver();
      loop.cancel(pending);
    }
    var interrupted = false;
    var outcome = pending.outcome();
    while (outcome == null) {
      LockSupport.park(this);
      if (Thread.interrupted()) {
        interrupted = true;
        loop.cancel(pending);
      }
      outcome = pending.outcome();
    }
    if (interrupted) {
      AdmissionFuture.giveBack(outcome);
      throw new InterruptedException();
    }
    if (inReceiver && outcome.outcome() == QueueOutcome.EVICTED_CONTEXT_CANCELLED) {
      throw new IllegalStateException(
          "enqueueAndWait of "
              + pending.request()
              + " would have to wait inside a receiver of an outcome, whose thread delivers"
              + " outcomes; use enqueue with a receiver, or call from another thread");
    }
    return outcome;
  }

  /** Offers a request. If the offer throws, no trace of the request is left. */
  private void offer(PendingRequest pending) {
    try {
      loop.submit(pending, pending);
    } catch (Throwable thrown) {
      loop.giveUp(pending);
      throw thrown;
    }
  }

  /**
   * Offers a request without blocking. {@code whenDecided} gets the outcome exactly once, on the
   * thread that decided, possibly before this method returns. It should be short: hand the outcome
   * to an event loop of your own. If it throws, the exception is reported to the observers, and if
   * it was given a permit, the permit is returned.
   */
  public PendingAdmission enqueue(
      FlowControlRequest request, Consumer<? super Admission> whenDecided) {
    var pending =
        PendingRequest.of(
            loop,
            Objects.requireNonNull(request, "request"),
            Objects.requireNonNull(whenDecided, "whenDecided"));
    offer(pending);
    return pending;
  }

  /**
   * Offers a request without blocking. If the future ends otherwise than by the outcome, because it
   * is cancelled, times out or is completed by hand, the request leaves its queue; if its permit
   * was on the way already, the permit is returned.
   *
   * <p>Inside a receiver of an outcome, {@code get} and {@code join} of the future return what is
   * decided, and throw {@link IllegalStateException} where they would have to wait.
   */
  public CompletableFuture<Admission> enqueue(FlowControlRequest request) {
    var future = new AdmissionFuture<Admission>(loop);
    var pending =
        PendingRequest.of(
            loop,
            Objects.requireNonNull(request, "request"),
            (Admission outcome) -> AdmissionFuture.deliver(future, outcome));
    offer(pending);
    AdmissionFuture.represent(future, pending);
    return future;
  }

  /**
   * Takes over a new picture of the pool, and dispatches what has room now; if that is much, the
   * rest follows soon after.
   */
  public void poolChanged(PoolSnapshot snapshot) {
    loop.control(new Operation.PoolChanged(Objects.requireNonNull(snapshot, "snapshot")));
  }

  /**
   * Takes over a new configuration. Nothing queued is lost: if a limit is lower than what is
   * queued, the queue shrinks to it as requests leave, and new policies take over the queued
   * requests in the order of their arrival. If a plugin cannot be made, its exception is thrown,
   * and nothing has changed.
   */
  public void reconfigure(FlowControlConfig config) {
    loop.control(new Operation.Reconfigure(Objects.requireNonNull(config, "config")));
  }

  /**
   * Bands, flows and counts, for people and scrapes. O(flows log flows), of which a hold of the
   * lock takes a few hundred flows at a time.
   */
  public RegistryView view() {
    return loop.view();
  }

  /**
   * Refuses new requests from now on, and evicts what is still queued when {@code drain} is over.
   * The future completes when nothing is queued and nothing runs, at the latest when the drain is
   * over. Running requests keep their permits. A second call can only shorten the drain.
   */
  public CompletableFuture<Void> shutdown(Duration drain) {
    loop.controlToTheEnd(new Operation.Shutdown(nanos(drain)));
    return loop.delivery().drained();
  }

  /** At least 0 and at most 73 years, so that sums with readings do not overflow. */
  private static long nanos(Duration drain) {
    if (drain.isNegative()) {
      return 0;
    }
    return drain.compareTo(LONGEST_DRAIN) > 0 ? LONGEST_DRAIN.toNanos() : drain.toNanos();
  }

  /** Shuts down at once: what is queued is evicted before this returns. Idempotent. */
  @Override
  public void close() {
    loop.close();
  }

  /**
   * Throws {@link AssertionError} where an invariant of the engine does not hold. For tests; slow.
   */
  void checkInvariants() {
    loop.checkInvariants();
  }

  /** Collects what a controller is made of. Not thread-safe. */
  public static final class Builder {
    private static final int MOST_SHARDS = 64;

    private final FlowControlConfig config;
    private final List<EngineObserver> observers = new ArrayList<>();
    private TimeSource time = SystemTime.INSTANCE;
    private int shards = 1;

    private Builder(FlowControlConfig config) {
      this.config = Objects.requireNonNull(config, "config");
    }

    /** The clock; the system's unless set. */
    public Builder timeSource(TimeSource source) {
      this.time = Objects.requireNonNull(source, "source");
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
      observers.add(Objects.requireNonNull(observer, "observer"));
      return this;
    }

    /** The finished controller. */
    public FlowController build() {
      return new FlowController(this);
    }
  }
}
