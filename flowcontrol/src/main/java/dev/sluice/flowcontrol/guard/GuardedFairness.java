package dev.sluice.flowcontrol.guard;

import dev.sluice.flowcontrol.contracts.EligibilityClass;
import dev.sluice.flowcontrol.framework.FlowQueueView;
import dev.sluice.flowcontrol.framework.FlowView;
import dev.sluice.flowcontrol.framework.InterFlowDispatchPolicy;
import dev.sluice.flowcontrol.framework.Plugin;
import org.jspecify.annotations.Nullable;

/**
 * A fairness policy behind the border. If the policy fails, it names no queue, puts no queue before
 * another, and lets an idle flow be forgotten. Guarded by the core's lock.
 */
public final class GuardedFairness implements InterFlowDispatchPolicy {
  private final InterFlowDispatchPolicy policy;
  private final Border border;

  /** A guard for {@code policy}. */
  public GuardedFairness(InterFlowDispatchPolicy policy, Border border) {
    this.policy = policy;
    this.border = border;
  }

  /** A guard for a new policy. If it cannot be made, it fails like one that throws. */
  public static GuardedFairness of(Plugin<InterFlowDispatchPolicy> plugin, Border border) {
    try {
      return new GuardedFairness(plugin.create(), border);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return new GuardedFairness(Missing.POLICY, border);
    }
  }

  @Override
  public void activated(FlowQueueView queue) {
    try {
      policy.activated(queue);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  @Override
  public void deactivated(FlowQueueView queue) {
    try {
      policy.deactivated(queue);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  @Override
  public void headChanged(FlowQueueView queue) {
    try {
      policy.headChanged(queue);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  /**
   * The policy's choice. Null means that the policy failed: it is asked only while a queue of the
   * class is active, so a policy that names none is at fault too.
   */
  @Override
  public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
    try {
      var next = policy.next(needs, nowNanos);
      if (next == null) {
        border.misbehaved("next: named no queue although a queue of " + needs + " is active");
      }
      return next;
    } catch (Throwable thrown) {
      border.caught(thrown);
      return null;
    }
  }

  @Override
  public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
    try {
      return policy.precedes(a, b, nowNanos);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return false;
    }
  }

  @Override
  public void dispatched(FlowQueueView queue, long cost) {
    try {
      policy.dispatched(queue, cost);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  @Override
  public void dispatchedAtOnce(FlowQueueView queue, long cost) {
    try {
      policy.dispatchedAtOnce(queue, cost);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  @Override
  public void corrected(FlowView flow, long costDelta) {
    try {
      policy.corrected(flow, costDelta);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  @Override
  public void correctedAfterIdle(FlowView flow, long costDelta) {
    try {
      policy.correctedAfterIdle(flow, costDelta);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  @Override
  public void completed(FlowView flow, long cost, long nowNanos) {
    try {
      policy.completed(flow, cost, nowNanos);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  @Override
  public void reopened(EligibilityClass needs) {
    try {
      policy.reopened(needs);
    } catch (Throwable thrown) {
      border.caught(thrown);
    }
  }

  @Override
  public boolean mayForget(FlowView flow) {
    try {
      return policy.mayForget(flow);
    } catch (Throwable thrown) {
      border.caught(thrown);
      return true;
    }
  }

  /** Reports a choice of {@link #next} that only the registry can tell to be wrong. */
  public void misbehaved(String answer) {
    border.misbehaved(answer);
  }

  /** Stands for a policy that could not be made: it names no queue. */
  private enum Missing implements InterFlowDispatchPolicy {
    POLICY;

    @Override
    public void activated(FlowQueueView queue) {}

    @Override
    public void deactivated(FlowQueueView queue) {}

    @Override
    public @Nullable FlowQueueView next(EligibilityClass needs, long nowNanos) {
      return null;
    }

    @Override
    public boolean precedes(FlowQueueView a, FlowQueueView b, long nowNanos) {
      return false;
    }

    @Override
    public void dispatched(FlowQueueView queue, long cost) {}
  }
}
