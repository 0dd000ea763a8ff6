package dev.sluice.flowcontrol.registry;

import dev.sluice.flowcontrol.config.BandConfig;
import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.BandView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.InterFlowDisplacementPolicy;
import dev.sluice.flowcontrol.framework.IntraFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import dev.sluice.flowcontrol.framework.QueueItem;
import dev.sluice.flowcontrol.framework.SafeQueue;
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

  private final int priority;
  private final Faults faults;
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
  private int queuedRequests;
  private long queuedBytes;
  private long emptySinceNanos;

  Band(
      int priority,
      BandConfig config,
      boolean configured,
      Plugin<InterFlowDisplacementPolicy> displacementPlugin,
      Faults faults) {
    this.priority = priority;
    this.faults = faults;
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
    return config.maxRequests();
  }

  @Override
  public long maxBytes() {
    return config.maxBytes();
  }

  @Override
  public int activeFlows() {
    return activeFlows;
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
   * The best active queue of a class; null if the policy failed or named one that cannot be served.
   */
  public @Nullable FlowQueue next(ClassSlot slot) {
    try {
      var next = fairness.next(slot.eligibilityClass());
      if (next instanceof FlowQueue queue && queue.isActive() && queue.slot() == slot) {
        return queue;
      }
      throw new IllegalStateException("named " + next + " of " + slot.activeQueues() + " queues");
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
      return null;
    }
  }

  /** Whether {@code a} goes before {@code b}. */
  public boolean precedes(FlowQueue a, FlowQueue b) {
    try {
      return fairness.precedes(a, b);
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
      return false;
    }
  }

  /** Tells the policy of a dispatch. */
  public void dispatched(FlowQueue queue, QueueItem item, long cost) {
    try {
      fairness.dispatched(queue, item, cost);
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  /** Tells the policy that a charge was wrong. */
  public void corrected(Flow flow, long costDelta) {
    try {
      fairness.corrected(flow, costDelta);
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

  /** The flow that gives way first; null if the policy failed or named one with nothing queued. */
  public @Nullable Flow victim() {
    try {
      var victim = displacement.victim();
      if (victim instanceof Flow flow && flow.band() == this && flow.queuedRequests() > 0) {
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

  boolean mayForget(FlowView flow) {
    try {
      return fairness.mayForget(flow);
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
      return true;
    }
  }

  void backlogChanged(Flow flow) {
    try {
      displacement.backlogChanged(flow);
    } catch (RuntimeException e) {
      faults.report(displacementPlugin.type(), e);
    }
  }

  /** Adds the queue to, or takes it from, what the fairness policy may serve. */
  void active(FlowQueue queue, boolean nowActive) {
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
    try {
      if (nowActive) {
        fairness.activated(queue);
      } else {
        fairness.deactivated(queue);
      }
    } catch (RuntimeException e) {
      faults.report(config.fairness().type(), e);
    }
  }

  void headChanged(FlowQueue queue) {
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
