package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One flow: its queues, what it has queued and running. Guarded by the core's lock. */
public final class Flow implements FlowView {
  private final FlowKey key;
  private final BandTenant tenant;
  private final List<FlowQueue> queues = new ArrayList<>(1);
  private final DrainRate drainRate = new DrainRate();
  private @Nullable Object dispatchState;
  private @Nullable Object displacementState;
  private int queuedRequests;
  private long queuedBytes;
  private long queuedCost;
  private int runningRequests;
  private long dispatchedTotal;
  private long dispatchedCost;

  private int idleSlot;
  private long idleSinceNanos;
  private long restingSinceNanos;
  private boolean idle;

  Flow(FlowKey key, BandTenant tenant) {
    this.key = key;
    this.tenant = tenant;
  }

  @Override
  public FlowKey key() {
    return key;
  }

  @Override
  public String tenant() {
    return tenant.tenant();
  }

  /** Its tenant, with its limits. */
  public Tenant owner() {
    return tenant.owner();
  }

  /** The flows of its tenant in its band, of which it is one. */
  public BandTenant bandTenant() {
    return tenant;
  }

  /** The band of its priority. */
  public Band band() {
    return tenant.band();
  }

  @Override
  public double weight() {
    return tenant.owner().config().flowWeight(key.id());
  }

  @Override
  public int queuedRequests() {
    return queuedRequests;
  }

  @Override
  public long queuedBytes() {
    return queuedBytes;
  }

  @Override
  public long queuedCost() {
    return queuedCost;
  }

  @Override
  public int runningRequests() {
    return runningRequests;
  }

  /** Requests dispatched since it was created. */
  public long dispatchedTotal() {
    return dispatchedTotal;
  }

  /** Their cost, as corrected. */
  public long dispatchedCost() {
    return dispatchedCost;
  }

  /** How fast its queue empties. */
  public DrainRate drainRate() {
    return drainRate;
  }

  /** Its queues, one for each class that it has used lately. */
  public List<FlowQueue> queues() {
    return queues;
  }

  /** Its queue for these needs, or null. */
  public @Nullable FlowQueue queueFor(Eligibility needs) {
    for (var i = 0; i < queues.size(); i++) { // for every request, so without an iterator
      var queue = queues.get(i);
      if (queue.eligibilityClass().needs().equals(needs)) {
        return queue;
      }
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

  @Override
  public @Nullable Object displacementState() {
    return displacementState;
  }

  @Override
  public void displacementState(@Nullable Object state) {
    displacementState = state;
  }

  /** Adds to what it was charged in all; negative where a correction refunds. */
  public void charge(long cost) {
    dispatchedCost += cost;
  }

  /** Counts one request in or out; true if that was the first or the last. */
  boolean queued(int requests, long bytes, long cost) {
    var before = queuedRequests;
    queuedRequests += requests;
    queuedBytes += bytes;
    queuedCost += cost;
    return before == 0 || queuedRequests == 0;
  }

  void running(int requests) {
    runningRequests += requests;
    if (requests > 0) {
      dispatchedTotal += requests;
    }
  }

  boolean isIdle() {
    return idle;
  }

  /** Since when it is in the idle list; a policy that wants to keep it puts it there anew. */
  long idleSinceNanos() {
    return idleSinceNanos;
  }

  /** Since when it has had neither queued nor running requests. */
  long restingSinceNanos() {
    return restingSinceNanos;
  }

  void restingSinceNanos(long nanos) {
    restingSinceNanos = nanos;
  }

  /** For {@link IdleFlows}. */
  int idleSlot() {
    return idleSlot;
  }

  void idleSlot(int slot) {
    idleSlot = slot;
  }

  void idle(boolean nowIdle, long sinceNanos) {
    idle = nowIdle;
    idleSinceNanos = sinceNanos;
  }
}
