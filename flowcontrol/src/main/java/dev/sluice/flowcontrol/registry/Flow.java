package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.types.Eligibility;
import dev.sluice.flowcontrol.types.FlowKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One flow: its queues, and what it has queued and running. Guarded by the core's lock. */
public final class Flow extends Backlog implements FlowView {

  /** What {@link #dispatchedCost} stops at. One more request cannot make it overflow. */
  static final long MOST_COST = 1L << 62;

  private final FlowKey key;
  private final BandTenant bandTenant;
  private final Tenant tenant;
  private final Band band;
  private final List<FlowQueue> queues = new ArrayList<>(1);
  private final DepartureRate departureRate = new DepartureRate();

  /** Made on first use: most flows are never refused. */
  private @Nullable PromisedReturns promisedReturns;

  private @Nullable Object dispatchState;
  private @Nullable Object displacementState;
  private int runningRequests;
  private long dispatchedTotal;
  private long dispatchedCost;
  private int timesAlone;

  private int idleSlot;
  private long idleSinceNanos;
  private long restingSinceNanos;
  private boolean idle;

  Flow(FlowKey key, BandTenant bandTenant) {
    super(bandTenant);
    this.key = key;
    this.bandTenant = bandTenant;
    tenant = bandTenant.tenant();
    band = bandTenant.band();
  }

  @Override
  public FlowKey key() {
    return key;
  }

  @Override
  public String tenantId() {
    return bandTenant.tenantId();
  }

  /** The flow's tenant, with the limits over all its flows. */
  public Tenant tenant() {
    return tenant;
  }

  /** The tenant's part of the band, which this flow belongs to. */
  public BandTenant bandTenant() {
    return bandTenant;
  }

  /** The band of the flow's priority. */
  public Band band() {
    return band;
  }

  @Override
  public double weight() {
    return bandTenant.tenant().config().flowWeight(key.id());
  }

  @Override
  public int runningRequests() {
    return runningRequests;
  }

  /** Requests that were dispatched since the flow was created. */
  public long dispatchedTotal() {
    return dispatchedTotal;
  }

  /** The cost of all dispatched requests, with corrections; at most {@link #MOST_COST}. */
  public long dispatchedCost() {
    return dispatchedCost;
  }

  /** How fast the flow's backlog empties. */
  public DepartureRate departureRate() {
    return departureRate;
  }

  /** When refused callers of the flow were told to return. */
  public PromisedReturns promisedReturns() {
    var made = promisedReturns;
    if (made == null) {
      made = new PromisedReturns();
      promisedReturns = made;
    }
    return made;
  }

  /** The flow's queues, one for each class that it has used lately. */
  public List<FlowQueue> queues() {
    return queues;
  }

  /** The queue for these needs, or null if the flow has none. */
  public @Nullable FlowQueue queueFor(Eligibility needs) {
    for (var i = 0; i < queues.size(); i++) { // runs for every request: no iterator
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

  /** Adds to {@link #dispatchedCost}; a correction that refunds is negative. */
  public void charge(long cost) {
    dispatchedCost = Math.min(dispatchedCost + cost, MOST_COST);
  }

  /** Counts a permit that a request of the flow got, or with -1 gave back. */
  void addRunning(int requests) {
    runningRequests += requests;
    if (requests > 0) {
      dispatchedTotal += requests;
    }
  }

  /** Whether the flow is in the list of idle flows. */
  boolean isIdle() {
    return idle;
  }

  /**
   * When the flow was last put into the list of idle flows. A flow that a policy wants to keep is
   * put there again and again.
   */
  long idleSinceNanos() {
    return idleSinceNanos;
  }

  /** Since when the flow has had neither queued nor running requests. */
  long restingSinceNanos() {
    return restingSinceNanos;
  }

  void setRestingSince(long nanos) {
    restingSinceNanos = nanos;
  }

  /** For {@link IdleFlows}: the flow's place there. */
  int idleSlot() {
    return idleSlot;
  }

  void setIdleSlot(int slot) {
    idleSlot = slot;
  }

  void setIdle(boolean nowIdle, long sinceNanos) {
    idle = nowIdle;
    idleSinceNanos = sinceNanos;
  }

  /** How often the flow was served while no other of the band had requests queued. */
  int timesAlone() {
    return timesAlone;
  }

  void countAlone() {
    timesAlone++;
  }
}
