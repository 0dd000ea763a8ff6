package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.guard.GuardedFairness;
import dev.sluice.flowcontrol.guard.GuardedFlowDisplacement;
import dev.sluice.flowcontrol.guard.GuardedOrdering;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All flows of one priority, and the policies that choose among them. A policy is asked through its
 * guard. The band checks the choice: a queue or flow that the policy had no right to name is
 * reported as a fault, and counts as no answer. Guarded by the core's lock.
 *
 * <p>This class is long because every event for the band's policies passes here.
 */
public final class Band extends Backlog implements BandView {
  private final Bands bands;
  private final int priority;
  private final ClassSlots slots = new ClassSlots();
  private final Fullest fullest = new Fullest();
  private BandConfig config;
  private boolean configured;
  private BandPlugins plugins;
  private GuardedFairness fairness;
  private GuardedOrdering ordering;
  private GuardedFlowDisplacement displacement;

  private int rank;
  private int flows;
  private int activeFlows;
  private int activeTenants;
  private long emptySinceNanos;

  /** See {@link #chargePeriod}. */
  private int period;

  Band(
      Bands bands,
      int priority,
      BandConfig config,
      boolean configured,
      BandPlugins plugins,
      long nowNanos) {
    super(bands.total());
    this.bands = bands;
    this.priority = priority;
    this.config = config;
    this.configured = configured;
    this.plugins = plugins;
    this.fairness = plugins.newFairness();
    this.ordering = plugins.newOrdering();
    this.displacement = plugins.newDisplacement();
    this.emptySinceNanos = nowNanos;
  }

  @Override
  public int priority() {
    return priority;
  }

  /** The band's limits, and the types of its policies. */
  public BandConfig config() {
    return config;
  }

  /** The band's place among all bands: 0 is the most important. */
  public int rank() {
    return rank;
  }

  @Override
  public long maxRequests() {
    return config.limits().maxRequests();
  }

  @Override
  public long maxBytes() {
    return config.limits().maxBytes();
  }

  @Override
  public int activeFlows() {
    return activeFlows;
  }

  @Override
  public int activeTenants() {
    return activeTenants;
  }

  @Override
  public @Nullable BandTenant fullestByRequests() {
    return (BandTenant) fullest.byRequests();
  }

  @Override
  public @Nullable BandTenant fullestByBytes() {
    return (BandTenant) fullest.byBytes();
  }

  @Override
  public long freeRequests() {
    return Math.max(0, Math.min(maxRequests() - queuedRequests(), bands.freeRequests(this)));
  }

  @Override
  public long freeBytes() {
    return Math.max(0, Math.min(maxBytes() - queuedBytes(), bands.freeBytes(this)));
  }

  @Override
  public double weight() {
    return config.share().weight();
  }

  @Override
  public double reservedShare() {
    return config.share().reserved();
  }

  /** The classes of which a queue may be served. Callers must not change the list. */
  public List<ClassSlot> activeSlots() {
    return slots.active();
  }

  /** Whether a queue of the band may be served. */
  public boolean hasActiveQueues() {
    return !slots.active().isEmpty();
  }

  // Questions to the policies

  /** The item's place in its flow's order: smaller goes first. */
  public long orderingKey(QueueItem item) {
    return ordering.orderingKey(item);
  }

  /** Whether each queue serves its requests in the order of arrival. */
  public boolean servesByArrival() {
    return ordering.isByArrival();
  }

  /** Whether a request should be shed instead of served. */
  public boolean isHopeless(QueueItem item, long nowNanos) {
    return ordering.isHopeless(item, nowNanos);
  }

  /**
   * The tenant's queue to serve first among those of a class. Null if the policy failed or named a
   * queue that cannot be served.
   */
  public @Nullable TenantQueue next(ClassSlot slot) {
    var next = fairness.next(slot.eligibilityClass(), bands.nowNanos());
    if (next instanceof TenantQueue queue && queue.isActive() && queue.slot() == slot) {
      return queue;
    }
    if (next != null) {
      fairness.misbehaved("next: named no active tenant of " + slot.eligibilityClass());
    }
    return null;
  }

  /**
   * The flow's queue to serve first among a tenant's queues of a class. Null if the policy failed
   * or named a queue that cannot be served.
   */
  public @Nullable FlowQueue next(TenantQueue queue) {
    return queue.next();
  }

  /** Whether tenant's queue {@code a} goes before {@code b}; each is the best of its class. */
  public boolean precedes(TenantQueue a, TenantQueue b) {
    return fairness.precedes(a, b, bands.nowNanos());
  }

  /** Whether flow's queue {@code a} goes before {@code b}; both belong to one tenant. */
  public boolean precedes(FlowQueue a, FlowQueue b) {
    return a.flow().bandTenant().fairness().precedes(a, b, bands.nowNanos());
  }

  /** The flow that gives way first. Null if a policy failed or named a flow with nothing queued. */
  public @Nullable Flow victim() {
    var ofBand = displacement.victim();
    if (ofBand == null) {
      return null;
    }
    if (!(ofBand instanceof BandTenant tenant && tenant.band() == this)) {
      displacement.misbehaved("victim: named no tenant of band " + priority);
      return null;
    }
    return tenant.victim();
  }

  boolean mayForget(Flow flow) {
    var tenant = flow.bandTenant();
    return tenant.fairness().mayForget(flow) && (tenant.flows() > 1 || fairness.mayForget(tenant));
  }

  // Events for the policies

  /** Tells the policies of a dispatch from a queue. */
  public void dispatched(FlowQueue queue, long cost) {
    var tenantQueue = queue.tenantQueue();
    tenantQueue.bandTenant().fairness().dispatched(queue, cost);
    fairness.dispatched(tenantQueue, cost);
  }

  /** Tells the policies of a dispatch on arrival. */
  public void dispatchedAtOnce(FlowQueue queue, long cost) {
    var tenantQueue = queue.tenantQueue();
    tenantQueue.bandTenant().fairness().dispatchedAtOnce(queue, cost);
    fairness.dispatchedAtOnce(tenantQueue, cost);
  }

  /**
   * The period to which the charge for a dispatch belongs. A period ends when no queue is active
   * any more. A dispatch from an idle band has a period of its own that is over. For a flow, a
   * period also ends when the flow is served while no other has requests queued: a flow that comes
   * later starts where this one is, so the earlier charges are nothing that the two owe each other.
   */
  public int chargePeriod(Flow flow) {
    return periodOf(flow) - (hasActiveQueues() ? 0 : 1);
  }

  private int periodOf(Flow flow) {
    return period + flow.timesAlone();
  }

  /** Notes which flow is about to be served from a queue. */
  public void serving(Flow flow) {
    if (activeFlows == 1) {
      flow.countAlone();
    }
  }

  /**
   * Tells the policies that a charge was wrong.
   *
   * @param chargedIn the {@link #chargePeriod} of the dispatch
   */
  public void corrected(Flow flow, long costDelta, int chargedIn) {
    var tenant = flow.bandTenant();
    if (chargedIn == periodOf(flow)) {
      tenant.fairness().corrected(flow, costDelta);
      fairness.corrected(tenant, costDelta);
    } else {
      tenant.fairness().correctedAfterIdle(flow, costDelta);
      fairness.correctedAfterIdle(tenant, costDelta);
    }
  }

  /** Tells the policies that a dispatched request ended. */
  public void completed(Flow flow, long cost) {
    var tenant = flow.bandTenant();
    tenant.fairness().completed(flow, cost, bands.nowNanos());
    fairness.completed(tenant, cost, bands.nowNanos());
  }

  /** Tells the policy that a class that was skipped has room again. */
  public void reopened(ClassSlot slot) {
    slot.setSkipped(false);
    fairness.reopened(slot.eligibilityClass());
  }

  void headChanged(FlowQueue queue) {
    var tenantQueue = queue.tenantQueue();
    tenantQueue.bandTenant().fairness().headChanged(queue);
    if (tenantQueue.isActive()) {
      headChanged(tenantQueue);
    }
  }

  void headChanged(TenantQueue queue) {
    fairness.headChanged(queue);
  }

  /** Follows a queued request that was just booked, or with -1 booked out, for a flow. */
  void booked(Flow flow, int requests) {
    var firstOrLast = requests > 0 ? 1 : 0;
    if (flow.queuedRequests() == firstOrLast) {
      activeFlows += requests;
    }
    var tenant = flow.bandTenant();
    if (tenant.queuedRequests() == firstOrLast) {
      activeTenants += requests;
    }
    tenant.displacement().backlogChanged(flow);
    displacement.backlogChanged(tenant);
    // The fullest are found among notes that are never too small, so what only shrinks can wait.
    if (requests > 0 || flow.queuedRequests() == 0) {
      tenant.noteBacklog(flow);
    }
    if (requests > 0 || tenant.queuedRequests() == 0) {
      fullest.changed(tenant, tenant);
    }
  }

  /** Follows a change of a flow's weight or backlog in any direction. */
  void backlogChanged(Flow flow) {
    var tenant = flow.bandTenant();
    tenant.displacement().backlogChanged(flow);
    displacement.backlogChanged(tenant);
    tenant.noteBacklog(flow);
    fullest.changed(tenant, tenant);
  }

  /** Makes a tenant's queue active iff it holds a request and the tenant may run more. */
  void updateActive(TenantQueue queue) {
    var nowActive =
        queue.queuesWithRequests() > 0 && !queue.bandTenant().tenant().isAtRunningLimit();
    if (queue.isActive() == nowActive) {
      return;
    }
    queue.setActive(nowActive);
    if (nowActive) {
      slots.queueActivated(queue.slot());
      fairness.activated(queue);
    } else {
      slots.queueDeactivated(queue.slot());
      fairness.deactivated(queue);
      if (!hasActiveQueues()) {
        period++;
      }
    }
  }

  // Calls of the registry

  /** The band's record of a class, made on first use. */
  ClassSlot slot(EligibilityClass needs) {
    return slots.of(needs);
  }

  void forget(EligibilityClass retired) {
    slots.forget(retired);
  }

  /** Takes over a configuration, and makes again those of its own policies that it changes. */
  void reconfigure(BandConfig newConfig, boolean nowConfigured, BandPlugins newPlugins) {
    if (!newPlugins.hasFairnessOf(plugins)) {
      fairness = newPlugins.newFairness();
      period++;
    }
    if (!newPlugins.hasOrderingOf(plugins)) {
      ordering = newPlugins.newOrdering();
    }
    if (!newPlugins.hasDisplacementOf(plugins)) {
      displacement = newPlugins.newDisplacement();
    }
    config = newConfig;
    configured = nowConfigured;
    plugins = newPlugins;
  }

  BandPlugins plugins() {
    return plugins;
  }

  /** The time of the operation that is under way, for policies. */
  long nowNanos() {
    return bands.nowNanos();
  }

  void setRank(int newRank) {
    rank = newRank;
  }

  /** Whether the configuration names the band, so that it stays without flows. */
  boolean isConfigured() {
    return configured;
  }

  /** Number of flows, idle ones included. */
  int flows() {
    return flows;
  }

  void addFlow() {
    flows++;
  }

  void removeFlow(long nowNanos) {
    flows--;
    if (flows == 0) {
      emptySinceNanos = nowNanos;
    }
  }

  /** The time since which the band has had no flow, if it has none. */
  long emptySinceNanos() {
    return emptySinceNanos;
  }
}
