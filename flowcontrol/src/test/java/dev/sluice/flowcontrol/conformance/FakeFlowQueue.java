package dev.sluice.flowcontrol.conformance;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.QueueItem;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A flow's queue of one class, kept in a sorted set. */
public final class FakeFlowQueue implements FlowQueueView {
  private final FakeFlow flow;
  private final EligibilityClass needs;
  private final TreeSet<QueueItem> items =
      new TreeSet<>((a, b) -> a == b ? 0 : a.precedes(b) ? -1 : 1);
  private @Nullable Object dispatchState;

  /** An empty queue. */
  public FakeFlowQueue(FakeFlow flow, EligibilityClass needs) {
    this.flow = flow;
    this.needs = needs;
  }

  /** Adds an item and counts it for the flow. */
  public void add(QueueItem item) {
    items.add(item);
    flow.backlog(
        flow.queuedRequests() + 1,
        flow.queuedBytes() + item.request().sizeBytes(),
        flow.queuedCost() + item.estimatedCost());
  }

  /** Takes an item out; false if it is not here. */
  public boolean remove(QueueItem item) {
    if (!items.remove(item)) {
      return false;
    }
    flow.backlog(
        flow.queuedRequests() - 1,
        flow.queuedBytes() - item.request().sizeBytes(),
        flow.queuedCost() - item.estimatedCost());
    return true;
  }

  @Override
  public FakeFlow flow() {
    return flow;
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return needs;
  }

  @Override
  public int size() {
    return items.size();
  }

  @Override
  public @Nullable QueueItem head() {
    return items.isEmpty() ? null : items.first();
  }

  /** The item that would go last, or null if empty. */
  public @Nullable QueueItem tail() {
    return items.isEmpty() ? null : items.last();
  }

  @Override
  public @Nullable Object dispatchState() {
    return dispatchState;
  }

  @Override
  public void dispatchState(@Nullable Object state) {
    dispatchState = state;
  }

  @Override
  public String toString() {
    return flow + " " + needs;
  }
}
