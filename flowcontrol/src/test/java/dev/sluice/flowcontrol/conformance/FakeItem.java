package dev.sluice.flowcontrol.conformance;

import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.types.FlowControlRequest;
import dev.sluice.flowcontrol.types.FlowKey;

/** A queue item whose every property is given. */
public final class FakeItem extends QueueItem {
  private final FlowControlRequest request;
  private final long enqueuedAtNanos;
  private final long deadlineNanos;
  private final long sequence;
  private final long estimatedCost;
  private long orderingKey;

  /** An item with all its properties. */
  public FakeItem(
      FlowControlRequest request,
      long enqueuedAtNanos,
      long deadlineNanos,
      long sequence,
      long orderingKey,
      long estimatedCost) {
    this.request = request;
    this.enqueuedAtNanos = enqueuedAtNanos;
    this.deadlineNanos = deadlineNanos;
    this.sequence = sequence;
    this.orderingKey = orderingKey;
    this.estimatedCost = estimatedCost;
  }

  /** An item of no particular flow, without a deadline, that costs 1. */
  public static FakeItem of(long sequence, long orderingKey) {
    return new FakeItem(
        FlowControlRequest.builder("r" + sequence, new FlowKey("flow", 0)).build(),
        sequence,
        Long.MAX_VALUE,
        sequence,
        orderingKey,
        1);
  }

  /** An item that was offered at one time and expires at another. */
  public static FakeItem expiring(long sequence, long enqueuedAtNanos, long deadlineNanos) {
    return new FakeItem(
        FlowControlRequest.builder("r" + sequence, new FlowKey("flow", 0)).build(),
        enqueuedAtNanos,
        deadlineNanos,
        sequence,
        0,
        1);
  }

  /** An item of a flow with a cost, in the order of arrival. */
  public static FakeItem costing(FlowKey flow, long sequence, long cost) {
    return new FakeItem(
        FlowControlRequest.builder("r" + sequence, flow).build(),
        sequence,
        Long.MAX_VALUE,
        sequence,
        0,
        cost);
  }

  @Override
  public FlowControlRequest request() {
    return request;
  }

  @Override
  public long enqueuedAtNanos() {
    return enqueuedAtNanos;
  }

  @Override
  public long deadlineNanos() {
    return deadlineNanos;
  }

  @Override
  public long sequence() {
    return sequence;
  }

  @Override
  public long orderingKey() {
    return orderingKey;
  }

  /** Sets the ordering key. The item must not be in a queue. */
  public void orderingKey(long key) {
    orderingKey = key;
  }

  @Override
  public long estimatedCost() {
    return estimatedCost;
  }

  @Override
  public String toString() {
    return request.id() + "(" + orderingKey + ")";
  }
}
