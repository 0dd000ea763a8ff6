package dev.sluice.flowcontrol.controller;

import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.registry.FlowQueue;
import dev.sluice.flowcontrol.registry.FlowRegistry;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import org.jspecify.annotations.Nullable;

/**
 * A request's place among the queued: queue node, arrival node and timer node. Made when the
 * request has to wait. Guarded by the core's lock.
 */
final class QueuedRequest extends QueueItem implements FlowRegistry.Queued {

  /** No time to live. */
  static final long NEVER = Long.MAX_VALUE;

  /** In no timer. */
  static final int NOT_TIMED = -1;

  /** In the list of its {@link Patience}. */
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

  /** Whether it still waits: it may have left while whoever asks held on to it. */
  boolean isQueued() {
    return pending.state() == PendingRequest.State.QUEUED && pending.queued() == this;
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

  /** Whether it came with a deadline beside its time to live. */
  boolean hasOwnDeadline() {
    return request().deadlineNanos() != FlowControlRequest.UNSET;
  }

  /** How long it may wait, as that was when it was offered. */
  Patience patience() {
    return patience;
  }

  @Override
  public long estimatedCost() {
    return pending.cost();
  }

  /** For {@link ArrivalOrder}. */
  @Nullable QueuedRequest previousArrival() {
    return previousArrival;
  }

  void previousArrival(@Nullable QueuedRequest previous) {
    previousArrival = previous;
  }

  /** For {@link ArrivalOrder}. */
  @Nullable QueuedRequest nextArrival() {
    return nextArrival;
  }

  void nextArrival(@Nullable QueuedRequest next) {
    nextArrival = next;
  }

  /** For {@link Patience}. */
  @Nullable QueuedRequest previousAsPatient() {
    return previousAsPatient;
  }

  void previousAsPatient(@Nullable QueuedRequest previous) {
    previousAsPatient = previous;
  }

  /** For {@link Patience}. */
  @Nullable QueuedRequest nextAsPatient() {
    return nextAsPatient;
  }

  void nextAsPatient(@Nullable QueuedRequest next) {
    nextAsPatient = next;
  }

  /** For {@link Deadlines}: its index in the heap, or {@link #NOT_TIMED}, or {@link #LISTED}. */
  int timerIndex() {
    return timerIndex;
  }

  void timerIndex(int index) {
    timerIndex = index;
  }
}
