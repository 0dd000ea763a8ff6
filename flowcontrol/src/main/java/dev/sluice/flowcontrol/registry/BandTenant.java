package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.guard.GuardedFairness;
import dev.sluice.flowcontrol.guard.GuardedFlowDisplacement;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A tenant's flows in one band, and the policies that choose among these flows. To the band's own
 * policies it looks like one flow. Guarded by the core's lock.
 */
public final class BandTenant extends Backlog implements FlowView {
  private final Tenant tenant;
  private final Band band;
  private final FlowKey key;
  private final List<TenantQueue> queues = new ArrayList<>(1);
  private GuardedFairness fairness;

  /** Made on first use: most tenants never have a backlog. */
  private @Nullable GuardedFlowDisplacement displacement;

  /** Made with the second flow: most tenants have one flow in a band. */
  private @Nullable Fullest fullest;

  private @Nullable Flow firstFlow;
  private @Nullable Object dispatchState;
  private @Nullable Object displacementState;
  private int flows;
  private int runningRequests;

  BandTenant(Tenant tenant, Band band) {
    super(band);
    this.tenant = tenant;
    this.band = band;
    this.key = new FlowKey(tenant.id(), band.priority());
    this.fairness = band.plugins().newFairness();
  }

  /** The tenant's name, at the band's priority. */
  @Override
  public FlowKey key() {
    return key;
  }

  @Override
  public String tenantId() {
    return tenant.id();
  }

  /** The tenant, with its limits and its use in all bands. */
  public Tenant tenant() {
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

  /** The tenant's queues in the band: one for each class of which its flows have a queue. */
  List<TenantQueue> queues() {
    return queues;
  }

  /** The tenant's queue of a class, made on first use. */
  TenantQueue queue(ClassSlot slot) {
    for (var queue : queues) {
      if (queue.slot() == slot) {
        return queue;
      }
    }
    var added = new TenantQueue(this, slot);
    queues.add(added);
    tenant.addQueues(1);
    return added;
  }

  /** Notes that the tenant was served in another class while this one had no room. */
  public void skip(ClassSlot slot) {
    for (var queue : queues) {
      if (queue.slot() == slot && queue.queuesWithRequests() > 0) {
        queue.setSkipped(true);
      }
    }
  }

  /** Chooses among the tenant's flows. */
  GuardedFairness fairness() {
    return fairness;
  }

  /** Names the flow that gives way. */
  GuardedFlowDisplacement displacement() {
    var made = displacement;
    if (made == null) {
      made = band.plugins().newDisplacement();
      displacement = made;
    }
    return made;
  }

  /**
   * The flow that gives way first. Null if the policy failed or named a flow with nothing queued.
   */
  @Nullable Flow victim() {
    var policy = displacement();
    var victim = policy.victim();
    if (victim instanceof Flow flow && flow.bandTenant() == this && flow.queuedRequests() > 0) {
      return flow;
    }
    if (victim != null) {
      policy.misbehaved(
          "victim: named no flow with queued requests of tenant \"" + tenantId() + "\"");
    }
    return null;
  }

  /** Starts with the band's new fairness policy, which knows of no flow yet. */
  void renewFairness() {
    fairness = band.plugins().newFairness();
    dispatchState = null;
    for (var queue : queues) {
      queue.dispatchState(null);
      queue.setSkipped(false);
    }
  }

  /** Lets the next use make the band's new displacement policy. */
  void renewDisplacement() {
    displacement = null;
    displacementState = null;
  }

  int flows() {
    return flows;
  }

  void addFlow(Flow flow) {
    flows++;
    if (fullest != null) {
      return;
    }
    var known = firstFlow;
    if (known == null) {
      firstFlow = flow;
    } else {
      fullest = new Fullest();
      noteBacklog(known);
      firstFlow = null;
    }
  }

  /** Follows the backlog of one of the tenant's flows. */
  void noteBacklog(Flow flow) {
    if (fullest != null) {
      fullest.changed(flow, flow);
    }
  }

  /** The flow with most requests left for its weight if one gave way. */
  public @Nullable Flow fullestByRequests() {
    return fullest == null ? firstFlow : (Flow) fullest.byRequests();
  }

  /** The flow with most bytes left for its weight if a request of average size gave way. */
  public @Nullable Flow fullestByBytes() {
    return fullest == null ? firstFlow : (Flow) fullest.byBytes();
  }

  /** Counts a flow out. The tenant forgets the band with its last flow there. */
  void removeFlow() {
    flows--;
    if (flows == 0) {
      tenant.bands().remove(this);
    }
  }

  void addRunning(int requests) {
    runningRequests += requests;
  }
}
