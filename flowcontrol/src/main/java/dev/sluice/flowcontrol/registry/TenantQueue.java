package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.QueueItem;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's queues of one eligibility class in a band, taken together: what the band's policy
 * orders. Active iff one of them holds a request and the tenant may run more. Guarded by the core's
 * lock.
 */
public final class TenantQueue implements FlowQueueView {
  private final BandTenant tenant;
  private final ClassSlot slot;
  private @Nullable Object dispatchState;
  private int flowQueues;
  private int queuesWithRequests;
  private int size;
  private boolean active;
  private boolean passedOver;

  TenantQueue(BandTenant tenant, ClassSlot slot) {
    this.tenant = tenant;
    this.slot = slot;
  }

  @Override
  public BandTenant flow() {
    return tenant;
  }

  @Override
  public EligibilityClass eligibilityClass() {
    return slot.eligibilityClass();
  }

  /** The band's record of this class. */
  public ClassSlot slot() {
    return slot;
  }

  @Override
  public int size() {
    return size;
  }

  @Override
  public @Nullable QueueItem head() {
    var next = tenant.band().peek(this);
    return next == null ? null : next.head();
  }

  @Override
  public @Nullable Object dispatchState() {
    return dispatchState;
  }

  @Override
  public void dispatchState(@Nullable Object state) {
    dispatchState = state;
  }

  /** Whether the band's policy has it among those to serve. */
  public boolean isActive() {
    return active;
  }

  /** Whether the tenant was served in another class while this one had no room. */
  boolean isPassedOver() {
    return passedOver;
  }

  void passedOver(boolean now) {
    passedOver = now;
  }

  /** Its flows' queues. */
  int flowQueues() {
    return flowQueues;
  }

  void flowQueues(int delta) {
    flowQueues += delta;
  }

  /** Its flows' queues that hold a request. */
  int queuesWithRequests() {
    return queuesWithRequests;
  }

  void queuesWithRequests(int delta) {
    queuesWithRequests += delta;
  }

  void size(int delta) {
    size += delta;
  }

  void active(boolean nowActive) {
    active = nowActive;
  }
}
