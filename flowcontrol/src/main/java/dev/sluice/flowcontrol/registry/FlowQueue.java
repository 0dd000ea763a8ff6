package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import org.jspecify.annotations.Nullable;

/** A flow's requests of one eligibility class. Guarded by the core's lock. */
public final class FlowQueue implements FlowQueueView {
  private final Flow flow;
  private final ClassSlot slot;
  private SafeQueue queue;
  private @Nullable Object dispatchState;
  private int size;
  private int running;
  private boolean active;

  FlowQueue(Flow flow, ClassSlot slot, SafeQueue queue) {
    this.flow = flow;
    this.slot = slot;
    this.queue = queue;
  }

  @Override
  public Flow flow() {
    return flow;
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return slot.eligibilityClass();
  }

  /** The band's record of this queue's class. */
  public ClassSlot slot() {
    return slot;
  }

  /** As the engine counts, whatever the plugin says. */
  @Override
  public int size() {
    return size;
  }

  /** Null, and reported, where the plugin failed: a queue of some size without a head is broken. */
  @Override
  public @Nullable QueueItem head() {
    try {
      return queue.head();
    } catch (RuntimeException e) {
      flow.band().queueFailed(e);
      return null;
    }
  }

  /** The plugin that holds the requests. */
  public SafeQueue queue() {
    return queue;
  }

  @Override
  public @Nullable Object dispatchState() {
    return dispatchState;
  }

  @Override
  public void dispatchState(@Nullable Object state) {
    dispatchState = state;
  }

  /** Whether the band's fairness policy has it among those to serve. */
  public boolean isActive() {
    return active;
  }

  /** Whether nothing is queued in it and nothing of it runs. */
  public boolean isIdle() {
    return size == 0 && running == 0;
  }

  /** Counts a request of it that got, or with -1 returned, a permit. */
  public void running(int requests) {
    running += requests;
  }

  void queue(SafeQueue newQueue) {
    queue = newQueue;
  }

  void size(int newSize) {
    size = newSize;
  }

  void active(boolean nowActive) {
    active = nowActive;
  }
}
