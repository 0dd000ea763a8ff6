package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
import dev.sluice.flowcontrol.guard.Faults;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All flows of one priority, and the policies that choose among them. Every call of such a policy
 * goes through here, so that an exception stops here: it is reported, and the answer is missing.
 * Guarded by the core's lock.
 */
public final class Band implements BandView {
  private static final ClassSlot[] NO_SLOTS = {};

  private final FlowRegistry registry;
  private final Faults faults;
  private final int priority;
  private BandConfig config;
  private boolean configured;
  private InterFlowDispatchPolicy fairness;
  private IntraFlowDispatchPolicy ordering;
  private Plugin<InterFlowDisplacementPolicy> displacementPlugin;
  private InterFlowDisplacementPolicy displacement;

  /** By class index; null where the band has seen no such class. */
  private @Nullable ClassSlot[] slots = NO_SLOTS;

  /** Classes with active queues. */
  private final List<ClassSlot> activeSlots = new ArrayList<>(1);

  private int rank;
  private int flows;
  private int activeFlows;
  private int activeTenants;
  private int queuedRequests;
  private long queuedBytes;
  private long emptySinceNanos;

  Band(
      FlowRegistry registry,
      Faults faults,
      int priority,
      BandConfig config,
      boolean configured,
      Plugin<InterFlowDisplacementPolicy> displacementPlugin) {
    this.registry = registry;
    this.faults = faults;
    this.priority = priority;
    this.config = config;
    this.configured = configured;
    this.fairness = config.fairness().create();
    this.ordering = config.ordering().create();
    this.displacementPlugin = displacementPlugin;
    this.displacement = displacementPlugin.create();
  }

  @Override
  public int priority() {
    return priority;
  }

  /** How it is run. */
  public BandConfig config() {
    return config;
  }

  /** Its place among the bands: 0 is the most important. */
  public int rank() {
    return rank;
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
  public long freeRequests() {
    return Math.max(0, Math.min(maxRequests() - queuedRequests, registry.freeRequests(this)));
  }

  @Override
  public long freeBytes() {
    return Math.max(0, Math.min(maxBytes() - queuedBytes, registry.freeBytes(this)));
  }

  @Override
  public double weight() {
    return config.share().weight();
  }

  @Override
  public double reservedShare() {
    return config.share().reserved();
  }

  /** Classes of which a queue may be served. */
  public List<ClassSlot> activeSlots() {
    return activeSlots;
  }

  /** Whether a queue of it may be served. */
  public boolean hasActiveQueues() {
    return !activeSlots.isEmpty();
  }

  /** The item's place in its flow's order. */
  public long orderingKey(QueueItem item) {
    try {
      return ordering.orderingKey(item);
    } catch (RuntimeException e) {
      faults.report(config.ordering().type(), e);
      return 0;
    }
  }

  /** Whether the head should be shed instead of served. */
  public boolean isHopeless(QueueItem head, long nowNanos) {
    try {
      return ordering.isHopeless(head, nowNanos);
    } catch (RuntimeException e) {
      faults.report(config.ordering().type(), e);
      return false;
    }
  }

  /**
   * The tenant's queue to serve first among those of a class; null if the policy failed or named
   * one that cannot be served.
   */
  public @Nullable TenantQueue next(ClassSlot slot) {
    try {
      var next = fairness.next(slot.eligibilityClass(), registry.nowNanos());
      if (next instanceof TenantQueue queue && queue.isActive() && queue.slot() == slot) {
        return queue;
      }
      throw new IllegalStateException("named " + next + " of " + slot.activeQueues() + " queues");
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
      return null;
    }
  }

  /**
   * The flow's queue to serve first among a tenant's of a class; null if the policy failed or named
   * one that cannot be served. Before it is asked it is told if the class has been passed over.
   */
  public @Nullable FlowQueue next(TenantQueue queue) {
    if (queue.isPassedOver()) {
      queue.passedOver(false);
      try {
        queue.flow().fairness().reopened(queue.eligibilityClass());
      } catch (RuntimeException e) {
        faults.report(config.fairness().type(), e);
      }
    }
    return peek(queue);
  }

  /** As {@link #next(TenantQueue)}, and changes nothing. */
  @Nullable FlowQueue peek(TenantQueue queue) {
    try {
      var next = queue.flow().fairness().next(queue.eligibilityClass(), registry.nowNanos());
      if (next instanceof FlowQueue named && named.isActive() && named.tenantQueue() == queue) {
        return named;
      }
      throw new IllegalStateException("named " + next + " of tenant " + queue.flow().tenant());
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
      return null;
    }
  }

  /** Whether one tenant's queue goes before another; they are the best of two classes. */
  public boolean precedes(TenantQueue a, TenantQueue b) {
    return precedes(fairness, a, b);
  }

  /** Whether one queue of a tenant goes before another; they are the best of two classes. */
  public boolean precedes(FlowQueue a, FlowQueue b) {
    return precedes(a.flow().bandTenant().fairness(), a, b);
  }

  private boolean precedes(InterFlowDispatchPolicy policy, FlowQueueView a, FlowQueueView b) {
    try {
      return policy.precedes(a, b, registry.nowNanos());
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
      return false;
    }
  }

  /** Tells the policies of a dispatch from a queue. */
  public void dispatched(FlowQueue queue, long cost) {
    try {
      var tenantQueue = queue.tenantQueue();
      tenantQueue.flow().fairness().dispatched(queue, cost);
      fairness.dispatched(tenantQueue, cost);
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  /** Tells the policies of a dispatch on arrival. */
  public void passed(FlowQueue queue, long cost) {
    try {
      var tenantQueue = queue.tenantQueue();
      tenantQueue.flow().fairness().passed(queue, cost);
      fairness.passed(tenantQueue, cost);
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  /** Tells the policies that a charge was wrong. */
  public void corrected(Flow flow, long costDelta) {
    try {
      flow.bandTenant().fairness().corrected(flow, costDelta);
      fairness.corrected(flow.bandTenant(), costDelta);
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  /** Tells the policies that a dispatched request ended. */
  public void completed(Flow flow, long cost) {
    try {
      flow.bandTenant().fairness().completed(flow, cost, registry.nowNanos());
      fairness.completed(flow.bandTenant(), cost, registry.nowNanos());
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  /** Tells the policy that a class which was passed over has room again. */
  public void reopened(ClassSlot slot) {
    slot.passedOver(false);
    try {
      fairness.reopened(slot.eligibilityClass());
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  /** The flow that gives way first; null if a policy failed or named one with nothing queued. */
  public @Nullable Flow victim() {
    try {
      var victim = displacement.victim();
      if (victim instanceof BandTenant tenant
          && tenant.band() == this
          && tenant.displacement().victim() instanceof Flow flow
          && flow.bandTenant() == tenant
          && flow.queuedRequests() > 0) {
        return flow;
      }
      throw new IllegalStateException("named " + victim + " of " + activeFlows + " flows");
    } catch (RuntimeException e) {
      faults.report(displacementPlugin.type(), e);
      return null;
    }
  }

  /** A queue of this band threw. */
  public void queueFailed(RuntimeException cause) {
    faults.report(config.queue().type(), cause);
  }

  boolean mayForget(Flow flow) {
    var tenant = flow.bandTenant();
    try {
      return tenant.fairness().mayForget(flow)
          && (tenant.flows() > 1 || fairness.mayForget(tenant));
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
      return true;
    }
  }

  void backlogChanged(Flow flow) {
    try {
      flow.bandTenant().displacement().backlogChanged(flow);
      displacement.backlogChanged(flow.bandTenant());
    } catch (RuntimeException e) {
      faults.report(displacementPlugin.type(), e);
    }
  }

  /**
   * Adds a queue to, or takes it from, what its tenant's policy may serve, and with the first and
   * the last of them the tenant to and from what the band's policy may.
   */
  void active(FlowQueue queue, boolean nowActive) {
    if (queue.isActive() == nowActive) {
      return;
    }
    var tenantQueue = queue.tenantQueue();
    queue.active(nowActive);
    tenantQueue.queuesWithRequests(nowActive ? 1 : -1);
    if (tenantQueue.queuesWithRequests() == 0) {
      tenantQueue.passedOver(false);
    }
    tell(tenantQueue.flow().fairness(), queue, nowActive);
    if (tenantQueue.isActive() && tenantQueue.queuesWithRequests() > 0) {
      headChanged(tenantQueue);
    } else {
      settle(tenantQueue);
    }
  }

  /** Makes a tenant's queue active iff it holds a request and the tenant may run more. */
  void settle(TenantQueue queue) {
    var nowActive = queue.queuesWithRequests() > 0 && !queue.flow().owner().isAtRunningLimit();
    if (queue.isActive() == nowActive) {
      return;
    }
    var slot = queue.slot();
    queue.active(nowActive);
    slot.activeQueues(slot.activeQueues() + (nowActive ? 1 : -1));
    if (nowActive && slot.activeQueues() == 1) {
      activeSlots.add(slot);
    } else if (slot.activeQueues() == 0) {
      activeSlots.remove(slot);
      slot.passedOver(false);
    }
    tell(fairness, queue, nowActive);
  }

  private void tell(InterFlowDispatchPolicy policy, FlowQueueView queue, boolean nowActive) {
    try {
      if (nowActive) {
        policy.activated(queue);
      } else {
        policy.deactivated(queue);
      }
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  void headChanged(FlowQueue queue) {
    try {
      queue.tenantQueue().flow().fairness().headChanged(queue);
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
    if (queue.tenantQueue().isActive()) {
      headChanged(queue.tenantQueue());
    }
  }

  private void headChanged(TenantQueue queue) {
    try {
      fairness.headChanged(queue);
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  ClassSlot slot(EligibilityClass needs) {
    if (needs.index() >= slots.length) {
      slots = Arrays.copyOf(slots, Math.max(needs.index() + 1, slots.length * 2));
    }
    var slot = slots[needs.index()];
    if (slot == null) {
      slot = new ClassSlot(needs);
      slots[needs.index()] = slot;
    }
    return slot;
  }

  void forget(EligibilityClass retired) {
    if (retired.index() < slots.length) {
      slots[retired.index()] = null;
    }
  }

  SafeQueue newQueue() {
    return config.queue().create();
  }

  void rank(int newRank) {
    rank = newRank;
  }

  Plugin<InterFlowDisplacementPolicy> displacementPlugin() {
    return displacementPlugin;
  }

  boolean isConfigured() {
    return configured;
  }

  int flows() {
    return flows;
  }

  void flowAdded() {
    flows++;
  }

  void flowRemoved(long nowNanos) {
    flows--;
    if (flows == 0) {
      emptySinceNanos = nowNanos;
    }
  }

  long emptySinceNanos() {
    return emptySinceNanos;
  }

  void emptySinceNanos(long nanos) {
    emptySinceNanos = nanos;
  }

  void queued(int requests, long bytes) {
    queuedRequests += requests;
    queuedBytes += bytes;
  }

  void activeFlows(int delta) {
    activeFlows += delta;
  }

  void activeTenants(int delta) {
    activeTenants += delta;
  }

  void config(
      BandConfig newConfig,
      boolean nowConfigured,
      Plugin<InterFlowDisplacementPolicy> newDisplacement) {
    if (!newConfig.fairness().equals(config.fairness())) {
      fairness = newConfig.fairness().create();
    }
    if (!newConfig.ordering().equals(config.ordering())) {
      ordering = newConfig.ordering().create();
    }
    if (!newDisplacement.equals(displacementPlugin)) {
      displacement = newDisplacement.create();
      displacementPlugin = newDisplacement;
    }
    config = newConfig;
    configured = nowConfigured;
  }
}
