package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.QueueItem;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's queues of one eligibility class in a band, taken together. The band's fairness policy
 * orders these. A tenant's queue is active iff a flow's queue in it holds a request and the tenant
 * may run more. Guarded by the core's lock.
 */
public final class TenantQueue implements FlowQueueView {
  private final BandTenant bandTenant;
  private final ClassSlot slot;
  private @Nullable Object dispatchState;
  private int flowQueues;
  private int queuesWithRequests;
  private int size;
  private boolean active;
  private boolean skipped;

  TenantQueue(BandTenant bandTenant, ClassSlot slot) {
    this.bandTenant = bandTenant;
    this.slot = slot;
  }

  /** The tenant, which looks like a flow so that a fairness policy needs to know one level only. */
  @Override
  public BandTenant flow() {
    return bandTenant;
  }

  /** The tenant that the queue belongs to. */
  public BandTenant bandTenant() {
    return bandTenant;
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return slot.eligibilityClass();
  }

  /** The band's record of the class. */
  public ClassSlot slot() {
    return slot;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public @Nullable QueueItem head() {
    var named = peek();
    return named == null ? null : named.head();
  }

  /**
   * The flow's queue that the tenant's policy serves first. Null if the policy failed or named a
   * queue that cannot be served. If this class has been skipped, the policy is told so before it is
   * asked.
   */
  @Nullable FlowQueue next() {
    if (skipped) {
      skipped = false;
      bandTenant.fairness().reopened(eligibilityClass());
    }
    return peek();
  }

  /** As {@link #next}, but changes nothing. */
  private @Nullable FlowQueue peek() {
    var policy = bandTenant.fairness();
    var next = policy.next(eligibilityClass(), bandTenant.band().nowNanos());
    if (next instanceof FlowQueue named && named.isActive() && named.tenantQueue() == this) {
      return named;
    }
    if (next != null) {
      policy.misbehaved("next: named no active flow of tenant \"" + bandTenant.tenantId() + "\"");
    }
    return null;
  }

  @Override
  public @Nullable Object dispatchState() {
    return dispatchState;
  }

  @Override
  public void dispatchState(@Nullable Object state) {
    dispatchState = state;
  }

  /** Whether the band's policy may choose this queue. */
  public boolean isActive() {
    return active;
  }

  /** Notes whether the tenant was served in another class while this one had no room. */
  void setSkipped(boolean now) {
    skipped = now;
  }

  /** Number of queues of the class that the tenant's flows have. */
  int flowQueues() {
    return flowQueues;
  }

  void addFlowQueue() {
    flowQueues++;
  }

  /** Counts a flow's queue out. The tenant forgets the class with the last of them. */
  void removeFlowQueue() {
    flowQueues--;
    if (flowQueues == 0) {
      bandTenant.queues().remove(this);
      bandTenant.tenant().addQueues(-1);
    }
  }

  /** Number of those queues that hold a request. */
  int queuesWithRequests() {
    return queuesWithRequests;
  }

  /**
   * Lets the tenant's policy choose a flow's queue, or no longer. The first of the flows' queues
   * can make the tenant's queue itself active, and the last one inactive.
   */
  void setActive(FlowQueue queue, boolean nowActive) {
    if (queue.isActive() == nowActive) {
      return;
    }
    queue.setActive(nowActive);
    if (nowActive) {
      queuesWithRequests++;
      bandTenant.fairness().activated(queue);
    } else {
      queuesWithRequests--;
      skipped &= queuesWithRequests > 0;
      bandTenant.fairness().deactivated(queue);
    }
    if (active && queuesWithRequests > 0) {
      bandTenant.band().headChanged(this);
    } else {
      bandTenant.band().updateActive(this);
    }
  }

  void addSize(int requests) {
    size += requests;
  }

  /** Called by {@link Band#updateActive}. */
  void setActive(boolean nowActive) {
    active = nowActive;
  }
}
