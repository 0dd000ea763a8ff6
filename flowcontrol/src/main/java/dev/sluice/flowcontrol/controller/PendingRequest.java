package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
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
 * permit in one object of 80 bytes. What it needs besides while it is queued is in its {@link
 * QueuedRequest}, which a request that finds room never has.
 *
 * <pre>
 * from     event                                   to        fired by
 * NEW      offer, room                             RUNNING   Core.offer
 * NEW      offer, no room, within the limits       QUEUED    Core.offer
 * NEW      offer, refused                          DONE      Core.reject
 * QUEUED   its turn                                RUNNING   Core.dispatch
 * QUEUED   cancelled, expired, displaced, closed   DONE      Core.evict
 * RUNNING  permit returned or reclaimed            DONE      Core.complete
 * </pre>
 *
 * <p>All fields but the waiter's slot ({@code outcome}) are guarded by the core's lock.
 */
final class PendingRequest implements Operation.Offer, PendingAdmission, Permit, RunningRequest {

  enum State {
    NEW,
    QUEUED,
    RUNNING,
    DONE
  }

  private static final VarHandle OUTCOME;

  static {
    try {
      OUTCOME =
          MethodHandles.lookup().findVarHandle(PendingRequest.class, "outcome", Admission.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final FlowController controller;
  private final FlowControlRequest request;

  /** A thread that waits, or where the outcome goes: one field, since no request has both. */
  private final Object receiver;

  private volatile @Nullable Admission outcome;

  private State state = State.NEW;
  private @Nullable FlowQueue queue;
  private @Nullable QueuedRequest queued;
  private long cost;

  /** When it was offered, until it is dispatched. */
  private long sinceNanos;

  private int predictedOutputTokens;
  private @Nullable Usage reported;
  private String endpointId = "";
  private @Nullable Object gateState;
  private @Nullable PendingRequest previousRunning;
  private @Nullable PendingRequest nextRunning;

  private PendingRequest(FlowController controller, FlowControlRequest request, Object receiver) {
    this.controller = controller;
    this.request = request;
    this.receiver = receiver;
  }

  /** A request for whose outcome a thread waits. */
  static PendingRequest of(FlowController controller, FlowControlRequest request, Thread waiter) {
    return new PendingRequest(controller, request, waiter);
  }

  /** A request whose outcome is handed over. */
  static PendingRequest of(
      FlowController controller,
      FlowControlRequest request,
      Consumer<? super Admission> whenDecided) {
    return new PendingRequest(controller, request, whenDecided);
  }

  // The caller's side: any thread.

  @Override
  public FlowControlRequest request() {
    return request;
  }

  @Override
  public boolean cancel() {
    return controller.cancel(this);
  }

  @Override
  public void bind(String endpoint) {
    controller.submit(this, new Operation.Bind(this, endpoint));
  }

  @Override
  public void progress(Usage soFar) {
    controller.submit(this, new Operation.Progress(this, soFar));
  }

  @Override
  public void complete(Usage usage) {
    controller.complete(this, Objects.requireNonNull(usage, "usage"));
  }

  @Override
  public void close() {
    controller.complete(this, null);
  }

  /** What became of it, or null while that is open. */
  @Nullable Admission outcome() {
    return outcome;
  }

  /** Where the outcome goes, or null if a thread waits for it. */
  @SuppressWarnings("unchecked") // the factories let in nothing else
  @Nullable Consumer<? super Admission> whenDecided() {
    return receiver instanceof Thread ? null : (Consumer<? super Admission>) receiver;
  }

  /** Publishes the outcome and wakes the thread that waits for it. Never under the lock. */
  void publish(Admission decided) {
    // Waking has a fence of its own, and who needs no waking needs none.
    OUTCOME.setRelease(this, decided);
    if (receiver instanceof Thread waiter && waiter != Thread.currentThread()) {
      LockSupport.unpark(waiter);
    }
  }

  // The core's side: under its lock.

  State state() {
    return state;
  }

  void state(State next) {
    state = next;
  }

  /** What the offer settles once and for all. */
  void offered(FlowQueue itsQueue, long predictedOutput, long estimatedCost) {
    queue = itsQueue;
    predictedOutputTokens = (int) Math.min(predictedOutput, Integer.MAX_VALUE);
    cost = estimatedCost;
  }

  FlowQueue queue() {
    return Objects.requireNonNull(queue, "not offered yet");
  }

  /** Its place among the queued; null if it never was queued. */
  @Nullable QueuedRequest queued() {
    return queued;
  }

  void queued(QueuedRequest place) {
    queued = place;
  }

  /** The cost that its dispatch would charge, then what it has been charged so far. */
  long cost() {
    return cost;
  }

  void cost(long charged) {
    cost = charged;
  }

  long enqueuedAtNanos() {
    var place = queued;
    return place == null ? sinceNanos : place.enqueuedAtNanos();
  }

  /** When it was dispatched; before that, when it was offered. */
  @Override
  public long dispatchedAtNanos() {
    return sinceNanos;
  }

  void sinceNanos(long nowNanos) {
    sinceNanos = nowNanos;
  }

  /** At most 2^31 - 1. */
  @Override
  public long predictedOutputTokens() {
    return predictedOutputTokens;
  }

  @Nullable Usage reported() {
    return reported;
  }

  void reported(Usage usage) {
    reported = usage;
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return queue().eligibilityClass();
  }

  @Override
  public String endpointId() {
    return endpointId;
  }

  void endpointId(String id) {
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

  /** For {@link RunningOrder}. */
  @Nullable PendingRequest previousRunning() {
    return previousRunning;
  }

  void previousRunning(@Nullable PendingRequest previous) {
    previousRunning = previous;
  }

  /** For {@link RunningOrder}. */
  @Nullable PendingRequest nextRunning() {
    return nextRunning;
  }

  void nextRunning(@Nullable PendingRequest next) {
    nextRunning = next;
  }
}
