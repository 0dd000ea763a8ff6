package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's flows in one band, and the policies that choose among them. The band's own policies
 * see it as if it were one flow. Guarded by the core's lock.
 */
public final class BandTenant implements FlowView {
  private final Tenant tenant;
  private final Band band;
  private final FlowKey key;
  private final List<TenantQueue> queues = new ArrayList<>(1);
  private InterFlowDispatchPolicy fairness;

  /** Made on first use: most tenants never have a backlog. */
  private @Nullable InterFlowDisplacementPolicy displacement;

  private @Nullable Object dispatchState;
  private @Nullable Object displacementState;
  private int flows;
  private int queuedRequests;
  private long queuedBytes;
  private long queuedCost;
  private int runningRequests;

  BandTenant(Tenant tenant, Band band) {
    this.tenant = tenant;
    this.band = band;
    this.key = new FlowKey(tenant.id(), band.priority());
    this.fairness = band.config().fairness().create();
  }

  /** The tenant's name, at the band's priority. */
  @Override
  public FlowKey key() {
    return key;
  }

  @Override
  public String tenant() {
    return tenant.id();
  }

  /** The tenant, with its limits and what it uses over all bands. */
  public Tenant owner() {
    return tenant;
  }

  /** The band. */
  public Band band() {
    return band;
  }

  @Override
  public double weight() {
    return tenant.config().weight();
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

  /** Its queues, one for each class that its flows have queues of. */
  List<TenantQueue> queues() {
    return queues;
  }

  /** Its queue of a class; made on first use. */
  TenantQueue queue(ClassSlot slot) {
    for (var queue : queues) {
      if (queue.slot() == slot) {
        return queue;
      }
    }
    var added = new TenantQueue(this, slot);
    queues.add(added);
    return added;
  }

  /** Notes that it was served in another class while this one had no room. */
  public void passOver(ClassSlot slot) {
    for (var queue : queues) {
      if (queue.slot() == slot && queue.queuesWithRequests() > 0) {
        queue.passedOver(true);
      }
    }
  }

  /** Chooses among its flows. */
  InterFlowDispatchPolicy fairness() {
    return fairness;
  }

  /** Chooses the flow that gives way. */
  InterFlowDisplacementPolicy displacement() {
    var made = displacement;
    if (made == null) {
      made = band.displacementPlugin().create();
      displacement = made;
    }
    return made;
  }

  void newFairness() {
    fairness = band.config().fairness().create();
    dispatchState = null;
    for (var queue : queues) {
      queue.dispatchState(null);
      queue.passedOver(false);
    }
  }

  void newDisplacement() {
    displacement = null;
    displacementState = null;
  }

  int flows() {
    return flows;
  }

  void flows(int delta) {
    flows += delta;
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
  }
}
