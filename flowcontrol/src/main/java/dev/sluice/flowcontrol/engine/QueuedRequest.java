package dev.sluice.flowcontrol.engine;

import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import org.jspecify.annotations.Nullable;

/**
 * A request's place among the queued requests: queue node, arrival node and timer node in one
 * object. It is made when the request has to wait, so a request that finds room never has one.
 */
final class QueuedRequest extends QueueItem implements FlowRegistry.Queued {

  /** A time that never comes: the request may wait for ever. */
  static final long NEVER = NextDue.NEVER;

  /** The {@link #timerIndex} of a request that has no timer. */
  static final int NOT_TIMED = -1;

  /** The {@link #timerIndex} of a request that is in the list of its {@link Patience}. */
  static final int LISTED = -2;

  private final PendingRequest pending;
  private final Patience patience;
  private final long sequence;
  private final long enqueuedAtNanos;
  private long orderingKey;

  private @Nullable QueuedRequest previousArrival;
  private @Nullable QueuedRequest nextArrival;
  private @Nullable QueuedRequest previousAsPatient;
  private @Nullable QueuedRequest nextAsPatient;
  private @Nullable QueuedRequest previousOfClass;
  private @Nullable QueuedRequest nextOfClass;
  private int timerIndex = NOT_TIMED;

  QueuedRequest(PendingRequest pending, long sequence, long enqueuedAtNanos, Patience patience) {
    this.pending = pending;
    this.sequence = sequence;
    this.enqueuedAtNanos = enqueuedAtNanos;
    this.patience = patience;
    orderingKey = orderingKeyNow();
  }

  /** The request that waits. */
  PendingRequest pending() {
    return pending;
  }

  /** Whether the request still waits. A plugin may name it after it has left. */
  boolean isQueued() {
    return pending.state() == PendingRequest.State.QUEUED && pending.place() == this;
  }

  @Override
  public FlowControlRequest request() {
    return pending.request();
  }

  @Override
  public QueueItem item() {
    return this;
  }

  @Override
  public FlowQueue queue() {
    return pending.queue();
  }

  @Override
  public void reorder() {
    orderingKey = orderingKeyNow();
  }

  private long orderingKeyNow() {
    return queue().flow().band().orderingKey(this);
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

  @Override
  public long deadlineNanos() {
    var hard = request().deadlineNanos();
    if (patience.ttlNanos() == NEVER) {
      return hard == FlowControlRequest.UNSET ? NEVER : hard;
    }
    var soft = enqueuedAtNanos + patience.ttlNanos();
    return hard == FlowControlRequest.UNSET || soft - hard < 0 ? soft : hard;
  }

  /** Whether the request came with a deadline beside its time to live. */
  boolean hasOwnDeadline() {
    return request().deadlineNanos() != FlowControlRequest.UNSET;
  }

  /** The time that the request may wait, by the configuration at its offer. */
  Patience patience() {
    return patience;
  }

  @Override
  public long estimatedCost() {
    return pending.cost();
  }

  @Override
  public long uncachedInputTokens() {
    return Experience.uncachedPromptTokens(queue(), request());
  }

  /** The links of {@link ArrivalOrder}: this method and the next three. */
  @Nullable QueuedRequest previousArrival() {
    return previousArrival;
  }

  void linkPreviousArrival(@Nullable QueuedRequest previous) {
    previousArrival = previous;
  }

  @Nullable QueuedRequest nextArrival() {
    return nextArrival;
  }

  void linkNextArrival(@Nullable QueuedRequest next) {
    nextArrival = next;
  }

  /** The links of {@link Patience}: this method and the next three. */
  @Nullable QueuedRequest previousAsPatient() {
    return previousAsPatient;
  }

  void linkPreviousAsPatient(@Nullable QueuedRequest previous) {
    previousAsPatient = previous;
  }

  @Nullable QueuedRequest nextAsPatient() {
    return nextAsPatient;
  }

  void linkNextAsPatient(@Nullable QueuedRequest next) {
    nextAsPatient = next;
  }

  /** The links of {@link ClassWaits}: this method and the next three. */
  @Nullable QueuedRequest previousOfClass() {
    return previousOfClass;
  }

  void linkPreviousOfClass(@Nullable QueuedRequest previous) {
    previousOfClass = previous;
  }

  @Nullable QueuedRequest nextOfClass() {
    return nextOfClass;
  }

  void linkNextOfClass(@Nullable QueuedRequest next) {
    nextOfClass = next;
  }

  /** The index in the heap of {@link Deadlines}, {@link #NOT_TIMED} or {@link #LISTED}. */
  int timerIndex() {
    return timerIndex;
  }

  void keepTimerIndex(int index) {
    timerIndex = index;
  }
}
