package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.guard.GuardedQueue;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** A flow's requests of one eligibility class. Guarded by the core's lock. */
public final class FlowQueue implements FlowQueueView {
  private static final long LONG_WAIT_NANOS = Duration.ofSeconds(30).toNanos();

  private final Flow flow;
  private final TenantQueue tenantQueue;
  private final ClassSlot slot;
  private final EligibilityClass eligibilityClass;
  private GuardedQueue items;
  private @Nullable Object dispatchState;
  private @Nullable Object pricingState;
  private int size;
  private int picks;
  private int running;
  private int pins;
  private boolean used;
  private boolean active;

  FlowQueue(Flow flow, TenantQueue tenantQueue) {
    this.flow = flow;
    this.tenantQueue = tenantQueue;
    slot = tenantQueue.slot();
    eligibilityClass = slot.eligibilityClass();
    this.items = flow.band().plugins().newQueue();
  }

  @Override
  public Flow flow() {
    return flow;
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return eligibilityClass;
  }

  /** The band's record of this queue's class. */
  public ClassSlot slot() {
    return slot;
  }

  /** The tenant's queue of the same class, which this queue is a part of. */
  public TenantQueue tenantQueue() {
    return tenantQueue;
  }

  /** Number of queued requests by the engine's own count, which no plugin can spoil. */
  @Override
  public int size() {
    return size;
  }

  /** Null if the queue is empty, or if its plugin failed, which has been reported. */
  @Override
  public @Nullable QueueItem head() {
    return items.head();
  }

  /** The plugin that holds the requests, behind its guard. */
  public GuardedQueue items() {
    return items;
  }

  @Override
  public @Nullable Object dispatchState() {
    return dispatchState;
  }

  @Override
  public void dispatchState(@Nullable Object state) {
    dispatchState = state;
  }

  /** What the engine's pricing has noted here; null if nothing. */
  public @Nullable Object pricingState() {
    return pricingState;
  }

  /** Notes something for the engine's pricing. */
  public void pricingState(@Nullable Object state) {
    pricingState = state;
  }

  /** Whether the tenant's policy may choose this queue: true iff the queue holds a request. */
  public boolean isActive() {
    return active;
  }

  /** Whether the queue may be served: it holds a request, and the tenant may run more. */
  public boolean isServable() {
    return active && tenantQueue.isActive();
  }

  /**
   * The request to serve next: at every nth turn the oldest request, if that one has waited long,
   * and otherwise the head. Null under the same conditions as {@link #head}.
   */
  public @Nullable QueueItem next(long nowNanos) {
    var head = items.head();
    var promotion = flow.band().config().promotion();
    if (head == null || promotion.every() == 0 || (picks + 1) % promotion.every() != 0) {
      return head;
    }
    var oldest = items.oldest();
    return oldest != null && isOverdue(oldest, promotion.after(), nowNanos) ? oldest : head;
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

  /**
   * Whether no request is queued here, none that came from here holds a permit, and no operation
   * uses the queue.
   */
  boolean isIdle() {
    return size == 0 && running == 0 && pins == 0;
  }

  /** Whether no request was ever queued here, and none that went at once came from here. */
  boolean isUnused() {
    return !used;
  }

  /** Notes that an operation uses the queue, until {@link #unpin}. */
  void pin() {
    pins++;
  }

  void unpin() {
    pins--;
  }

  /** Counts a request that was taken out to be dispatched, for the turns of {@link #next}. */
  void countPick() {
    picks++;
  }

  /** Counts requests in, or with a negative number out, here and in the tenant's queue. */
  void addSize(int requests) {
    size += requests;
    used = true;
    if (size == 0) {
      picks = 0;
    }
    tenantQueue.addSize(requests);
  }

  /** Counts a permit that a request of this queue got, or with -1 gave back. */
  void addRunning(int requests) {
    running += requests;
    used = true;
  }

  /**
   * Replaces the plugin by a new, empty one, for example after it failed. The caller has taken the
   * requests of the old plugin out of the counts, or puts them into the new plugin.
   */
  public void renewItems() {
    items = flow.band().plugins().newQueue();
  }

  void setActive(boolean nowActive) {
    active = nowActive;
  }
}
