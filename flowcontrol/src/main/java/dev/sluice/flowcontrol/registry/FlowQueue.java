package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A flow's requests of one eligibility class. Guarded by the core's lock. */
public final class FlowQueue implements FlowQueueView {
  private static final long LONG_WAIT_NANOS = Duration.ofSeconds(30).toNanos();

  private final Flow flow;
  private final TenantQueue tenantQueue;
  private SafeQueue queue;
  private @Nullable Object dispatchState;
  private int size;
  private int picks;
  private int running;
  private boolean active;

  FlowQueue(Flow flow, TenantQueue tenantQueue, SafeQueue queue) {
    this.flow = flow;
    this.tenantQueue = tenantQueue;
    this.queue = queue;
  }

  @Override
  public Flow flow() {
    return flow;
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return tenantQueue.eligibilityClass();
  }

  /** The band's record of this queue's class. */
  public ClassSlot slot() {
    return tenantQueue.slot();
  }

  /** The queues of its tenant and class, of which it is one. */
  public TenantQueue tenantQueue() {
    return tenantQueue;
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

  /** Whether its tenant's policy has it among those to serve: whether it holds a request. */
  public boolean isActive() {
    return active;
  }

  /** Whether it may be served: it holds a request, and its tenant may run more. */
  public boolean isServable() {
    return active && tenantQueue.isActive();
  }

  /**
   * The request to serve next: the head, or at its turn the oldest, if that has waited long. Null
   * as for {@link #head}.
   */
  public @Nullable QueueItem next(long nowNanos) {
    var head = head();
    var promotion = flow.band().config().promotion();
    if (head == null || promotion.every() == 0 || (picks + 1) % promotion.every() != 0) {
      return head;
    }
    try {
      var oldest = queue.oldest();
      return oldest != null && isOverdue(oldest, promotion.after(), nowNanos) ? oldest : head;
    } catch (RuntimeException e) {
      flow.band().queueFailed(e);
      return head;
    }
  }

  private static boolean isOverdue(QueueItem item, Duration after, long nowNanos) {
    var least = after.toNanos();
    if (after.isNegative()) {
      least =
          item.deadlineNanos() == Long.MAX_VALUE
              ? LONG_WAIT_NANOS
              : (item.deadlineNanos() - item.enqueuedAtNanos()) / 2;
    }
    return nowNanos - item.enqueuedAtNanos() >= least;
  }

  /** Counts a request that was taken from it to be dispatched, since it was last empty. */
  public void picked() {
    picks++;
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
    if (newSize == 0) {
      picks = 0;
    }
  }

  void active(boolean nowActive) {
    active = nowActive;
  }
}
