package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.contracts.RunningRequest;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.types.Admission;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.Permit;
import dev.sluice.flowcontrol.types.Usage;
import java.util.Objects;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One object per request: operation, queue node, timer node, waiter, running record and permit.
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
final class PendingRequest extends QueueItem
    implements Operation.Offer, PendingAdmission, Permit, RunningRequest, FlowRegistry.Queued {

  /** No time to live. */
  static final long NEVER = Long.MAX_VALUE;

  enum State {
    NEW,
    QUEUED,
    RUNNING,
    DONE
  }

  private final FlowController controller;
  private final FlowControlRequest request;
  private final @Nullable Consumer<? super Admission> whenDecided;
  private final @Nullable Thread waiter;
  private volatile @Nullable Admission outcome;

  private State state = State.NEW;
  private @Nullable FlowQueue queue;
  private long sequence;
  private long orderingKey;
  private long enqueuedAtNanos;
  private long ttlNanos = NEVER;
  private long longestWaitNanos = NEVER;
  private long estimatedCost;
  private long predictedOutputTokens;

  private long chargedCost;
  private long dispatchedAtNanos;
  private @Nullable Usage reported;
  private String endpointId = "";
  private @Nullable Object gateState;

  private @Nullable PendingRequest previousQueued;
  private @Nullable PendingRequest nextQueued;
  private long timerNanos;
  private int timerIndex = -1;

  PendingRequest(
      FlowController controller,
      FlowControlRequest request,
      @Nullable Consumer<? super Admission> whenDecided,
      @Nullable Thread waiter) {
    this.controller = controller;
    this.request = request;
    this.whenDecided = whenDecided;
    this.waiter = waiter;
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
    controller.submit(new Operation.Bind(this, endpoint));
  }

  @Override
  public void progress(Usage soFar) {
    controller.submit(new Operation.Progress(this, soFar));
  }

  @Override
  public void complete(Usage usage) {
    controller.submit(new Operation.Complete(this, Objects.requireNonNull(usage, "usage")));
  }

  @Override
  public void close() {
    controller.submit(new Operation.Complete(this, null));
  }

  /** What became of it, or null while that is open. */
  @Nullable Admission outcome() {
    return outcome;
  }

  /** Where the outcome goes, or null if a thread waits for it. */
  @Nullable Consumer<? super Admission> whenDecided() {
    return whenDecided;
  }

  /** Publishes the outcome and wakes the thread that waits for it. Never under the lock. */
  void publish(Admission decided) {
    outcome = decided;
    if (waiter != null && waiter != Thread.currentThread()) {
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
  void offered(
      FlowQueue itsQueue,
      long itsSequence,
      long nowNanos,
      long itsTtlNanos,
      long predictedOutput,
      long cost) {
    queue = itsQueue;
    sequence = itsSequence;
    enqueuedAtNanos = nowNanos;
    ttlNanos = itsTtlNanos;
    predictedOutputTokens = predictedOutput;
    estimatedCost = cost;
    reorder();
  }

  @Override
  public void reorder() {
    orderingKey = queue().flow().band().orderingKey(this);
  }

  @Override
  public QueueItem item() {
    return this;
  }

  @Override
  public FlowQueue queue() {
    return Objects.requireNonNull(queue, "not offered yet");
  }

  @Override
  public long sequence() {
    return sequence;
  }

  @Override
  public long orderingKey() {
    return orderingKey;
  }

  @Override
  public long enqueuedAtNanos() {
    return enqueuedAtNanos;
  }

  void enqueuedAtNanos(long nowNanos) {
    enqueuedAtNanos = nowNanos;
  }

  @Override
  public long deadlineNanos() {
    var hard = request.deadlineNanos();
    if (ttlNanos == NEVER) {
      return hard == FlowControlRequest.UNSET ? NEVER : hard;
    }
    var soft = enqueuedAtNanos + ttlNanos;
    return hard == FlowControlRequest.UNSET || soft - hard < 0 ? soft : hard;
  }

  long ttlNanos() {
    return ttlNanos;
  }

  /** The most that it may wait over all changes of regime, as it was when it was offered. */
  long longestWaitNanos() {
    return longestWaitNanos;
  }

  void longestWaitNanos(long nanos) {
    longestWaitNanos = nanos;
  }

  @Override
  public long estimatedCost() {
    return estimatedCost;
  }

  @Override
  public long predictedOutputTokens() {
    return predictedOutputTokens;
  }

  long chargedCost() {
    return chargedCost;
  }

  void chargedCost(long cost) {
    chargedCost = cost;
  }

  @Override
  public long dispatchedAtNanos() {
    return dispatchedAtNanos;
  }

  void dispatchedAtNanos(long nowNanos) {
    dispatchedAtNanos = nowNanos;
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

  /** For {@link ArrivalOrder}. */
  @Nullable PendingRequest previousQueued() {
    return previousQueued;
  }

  void previousQueued(@Nullable PendingRequest previous) {
    previousQueued = previous;
  }

  /** For {@link ArrivalOrder}. */
  @Nullable PendingRequest nextQueued() {
    return nextQueued;
  }

  void nextQueued(@Nullable PendingRequest next) {
    nextQueued = next;
  }

  /** For {@link DeadlineHeap}. */
  long timerNanos() {
    return timerNanos;
  }

  void timerNanos(long nanos) {
    timerNanos = nanos;
  }

  /** For {@link DeadlineHeap}: -1 while not in it. */
  int timerIndex() {
    return timerIndex;
  }

  void timerIndex(int index) {
    timerIndex = index;
  }
}
