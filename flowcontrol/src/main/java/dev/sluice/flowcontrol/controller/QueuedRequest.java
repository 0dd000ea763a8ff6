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

  private final PendingRequest pending;
  private final long sequence;
  private final long enqueuedAtNanos;
  private final long ttlNanos;
  private final long longestWaitNanos;
  private long orderingKey;

  private @Nullable QueuedRequest previousArrival;
  private @Nullable QueuedRequest nextArrival;
  private long timerNanos;
  private int timerIndex = -1;

  QueuedRequest(
      PendingRequest pending,
      long sequence,
      long enqueuedAtNanos,
      long ttlNanos,
      long longestWaitNanos) {
    this.pending = pending;
    this.sequence = sequence;
    this.enqueuedAtNanos = enqueuedAtNanos;
    this.ttlNanos = ttlNanos;
    this.longestWaitNanos = longestWaitNanos;
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
