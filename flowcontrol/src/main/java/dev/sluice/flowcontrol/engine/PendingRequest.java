package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.PendingAdmission;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A request from its offer to the return of its permit: operation, waiter, running record and
 * permit in one object of 88 bytes. The state that only a queued request needs is in its {@link
 * QueuedRequest}. A request that finds room never has one.
 *
 * <pre>
 * from     event                                   to        fired by
 * NEW      offer, room                             RUNNING   Running.start
 * NEW      offer, no room, within the limits       QUEUED    Waiting.enqueue
 * NEW      offer, refused                          DONE      Round.reject
 * QUEUED   its turn                                RUNNING   Running.start
 * QUEUED   cancelled, expired, displaced, closed   DONE      Waiting.evict
 * RUNNING  permit returned or reclaimed            DONE      Running.complete
 * </pre>
 *
 * <p>This class is long because one object is in the place of four.
 *
 * <p>The caller's methods and {@code outcome} are thread-safe; everything else belongs to the core
 * and its lock.
 */
public final class PendingRequest implements Operation, PendingAdmission, Permit, RunningRequest {

  /**
   * The port through which the request's own methods reach the core. The engine's shell implements
   * it.
   */
  public interface Shell {

    /** The request's caller gave up; true if the request has left its queue because of that. */
    boolean cancel(PendingRequest request);

    /** Brings an operation on the request to the core. */
    void submit(PendingRequest request, Operation operation);

    /** The request's permit comes back; {@code usage} is null if its holder cannot tell. */
    void complete(PendingRequest request, @Nullable Usage usage);
  }

  /**
   * The usage of a request that its endpoint failed to serve: unknown, and no proof of its speed.
   * Told from other usages by identity.
   */
  static final Usage FAILED = Usage.of(0, 0);

  /** What a request had used at a time, as its caller reported it. */
  record Report(Usage usage, long atNanos) {}

  enum State {
    NEW,
    QUEUED,
    RUNNING,
    DONE;

    boolean mayBecome(State next) {
      return switch (this) {
        case NEW -> next != NEW;
        case QUEUED -> next == RUNNING || next == DONE;
        case RUNNING -> next == DONE;
        case DONE -> false;
      };
    }
  }

  private static final VarHandle OUTCOME;
  private static final VarHandle REPORT;

  static {
    try {
      var lookup = MethodHandles.lookup();
      OUTCOME = lookup.findVarHandle(PendingRequest.class, "outcome", Admission.class);
      REPORT = lookup.findVarHandle(PendingRequest.class, "report", Object.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Shell shell;
  private final FlowControlRequest request;

  /** A thread that waits, or the receiver of the outcome: no request has both. */
  private final Object receiver;

  private volatile @Nullable Admission outcome;

  private State state = State.NEW;
  private @Nullable FlowQueue queue;
  private @Nullable QueuedRequest place;
  private long cost;

  /** The time of the offer; after the dispatch, the time of the dispatch. */
  private long sinceNanos;

  /** What the band policy noted at the dispatch. */
  private long bandBooking;

  private int predictedOutputTokens;
  private int chargePeriod;

  /**
   * What the caller reported last: a {@link Report} if the core has seen it. Otherwise this is the
   * operation that tells the core, a {@link Operation.Progress}, of which one is on the way at
   * most.
   */
  private volatile @Nullable Object report;

  private String endpointId = "";
  private @Nullable Object gateState;
  private @Nullable PendingRequest previousRunning;
  private @Nullable PendingRequest nextRunning;

  private PendingRequest(Shell shell, FlowControlRequest request, Object receiver) {
    this.shell = shell;
    this.request = request;
    this.receiver = receiver;
  }

  /** A request for whose outcome a thread waits. */
  public static PendingRequest of(Shell shell, FlowControlRequest request, Thread waiter) {
    return new PendingRequest(shell, request, waiter);
  }

  /** A request whose outcome is handed to {@code whenDecided}. */
  public static PendingRequest of(
      Shell shell, FlowControlRequest request, Consumer<? super Admission> whenDecided) {
    return new PendingRequest(shell, request, whenDecided);
  }

  // The caller's side: any thread.

  @Override
  public FlowControlRequest request() {
    return request;
  }

  @Override
  public boolean cancel() {
    return shell.cancel(this);
  }

  @Override
  public void bind(String endpoint) {
    shell.submit(this, new Operation.Bind(this, Objects.requireNonNull(endpoint, "endpointId")));
  }

  /** Of several reports that the core has not seen yet only the last one reaches it. */
  @Override
  public void progress(Usage soFar) {
    var progress = new Operation.Progress(this, Objects.requireNonNull(soFar, "soFar"));
    if (!(REPORT.getAndSet(this, progress) instanceof Operation.Progress)) {
      shell.submit(this, progress);
    }
  }

  @Override
  public void complete(Usage usage) {
    shell.complete(this, Objects.requireNonNull(usage, "usage"));
  }

  @Override
  public void close() {
    shell.complete(this, null);
  }

  @Override
  public void fail() {
    shell.complete(this, FAILED);
  }

  /** The outcome of the request; null while it is open. */
  public @Nullable Admission outcome() {
    return outcome;
  }

  /** The receiver of the outcome; null if a thread waits for it. */
  @SuppressWarnings("unchecked") // the factories let in nothing else
  public @Nullable Consumer<? super Admission> whenDecided() {
    return receiver instanceof Thread ? null : (Consumer<? super Admission>) receiver;
  }

  /** Publishes the outcome and wakes the thread that waits for it. Never under the lock. */
  public void publish(Admission decided) {
    // Waking a thread has a fence of its own, and a thread that is awake needs none.
    OUTCOME.setRelease(this, decided);
    if (receiver instanceof Thread waiter && waiter != Thread.currentThread()) {
      LockSupport.unpark(waiter);
    }
  }

  // The core's side: under its lock.

  State state() {
    return state;
  }

  /**
   * Changes the state.
   *
   * @throws IllegalStateException if the table above has no such change
   */
  void moveTo(State next) {
    if (!state.mayBecome(next)) {
      throw new IllegalStateException(request.id() + " cannot become " + next + ": it is " + state);
    }
    state = next;
  }

  /** Notes the queue that the request belongs to, whether it will wait there or not. */
  void assign(FlowQueue itsQueue) {
    queue = itsQueue;
  }

  /** Notes what the request is expected to generate and to cost. */
  void price(long predictedOutput, long estimatedCost) {
    predictedOutputTokens = (int) Math.min(predictedOutput, Integer.MAX_VALUE);
    cost = estimatedCost;
  }

  FlowQueue queue() {
    return Objects.requireNonNull(queue, "not offered yet");
  }

  /** The request's place among the queued requests; null if it never was queued. */
  @Nullable QueuedRequest place() {
    return place;
  }

  void queuedAt(QueuedRequest itsPlace) {
    place = itsPlace;
  }

  /** The cost that a dispatch would charge; after the dispatch, the charges so far. */
  long cost() {
    return cost;
  }

  /** Adds to what the request is charged; negative refunds. */
  void charge(long costDelta) {
    cost += costDelta;
  }

  /** What the band policy noted at the dispatch; 0 for nothing. */
  long bandBooking() {
    return bandBooking;
  }

  void bookForBands(long booking) {
    bandBooking = booking;
  }

  /** The period of the band to which the charge at the dispatch belongs. */
  int chargePeriod() {
    return chargePeriod;
  }

  void chargedIn(int period) {
    chargePeriod = period;
  }

  /** The time at which the request was queued or, if it never was, dispatched. */
  public long enqueuedAtNanos() {
    var queuedAt = place;
    return queuedAt == null ? sinceNanos : queuedAt.enqueuedAtNanos();
  }

  /** The time of the dispatch; before it, the time of the offer. */
  @Override
  public long dispatchedAtNanos() {
    return sinceNanos;
  }

  /** Notes the time of the offer, and later the time of the dispatch. */
  void stamp(long nowNanos) {
    sinceNanos = nowNanos;
  }

  /** At most 2^31 - 1. */
  @Override
  public long predictedOutputTokens() {
    return predictedOutputTokens;
  }

  /**
   * The last report of usage; null if there was none. One that the core has not seen counts as made
   * now.
   */
  @Nullable Report reported(long nowNanos) {
    return report instanceof Operation.Progress unseen
        ? new Report(unseen.usage(), nowNanos)
        : (Report) report;
  }

  /** The usage that was reported last, which the core has seen from now on. */
  Usage latest(Operation.Progress arrived, long nowNanos) {
    while (true) {
      var last = report;
      var usage = last instanceof Operation.Progress unseen ? unseen.usage() : arrived.usage();
      if (REPORT.compareAndSet(this, last, new Report(usage, nowNanos))) {
        return usage;
      }
    }
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return queue().eligibilityClass();
  }

  @Override
  public String endpointId() {
    return endpointId;
  }

  void bindTo(String id) {
    endpointId = id;
  }

  @Override
  public @Nullable Object gateState() {
    return gateState;
  }

  @Override
  public void gateState(@Nullable Object gatesOwn) {
    gateState = gatesOwn;
  }

  /** The links of {@link RunningOrder}: this method and the next three. */
  @Nullable PendingRequest previousRunning() {
    return previousRunning;
  }

  void linkPreviousRunning(@Nullable PendingRequest previous) {
    previousRunning = previous;
  }

  @Nullable PendingRequest nextRunning() {
    return nextRunning;
  }

  void linkNextRunning(@Nullable PendingRequest next) {
    nextRunning = next;
  }
}
